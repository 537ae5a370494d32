/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a process shows as its arguments. Servers write there what each of
 * their processes is at ("postgres: checkpointer", "nginx: worker process"),
 * often after its recording has begun: the keeper looks again.
 */
#ifndef SEEP_PROGRAM_PROCESS_ARGUMENTS_H
#define SEEP_PROGRAM_PROCESS_ARGUMENTS_H

#include "keeper/heap/heap.h"

/* The text of /proc/PID/cmdline in place: blanks for the NULs between arguments, none at its end. `length`: bytes that
 * were read; data[length] is 0. The new length. */
long arguments_tidy(char *data, long length);

/* Takes over what the program shows now. Not once it has executed another program, or where that can't be told. */
void arguments_follow(const struct heap *heap);

#endif
