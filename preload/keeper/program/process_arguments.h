/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The arguments that a process shows. Servers write the task of each of their
 * processes there ("postgres: checkpointer", "nginx: worker process"), often
 * after its recording has begun, so the keeper looks again.
 */
#ifndef SEEP_PROGRAM_PROCESS_ARGUMENTS_H
#define SEEP_PROGRAM_PROCESS_ARGUMENTS_H

#include "keeper/heap/heap.h"

/* The text of /proc/PID/cmdline in place: blanks for the NULs between arguments, none at its end. `length`: bytes that
 * were read; data[length] is 0. The new length. */
long arguments_tidy(char *data, long length);

/* Takes over the arguments that the program shows now, unless it has executed another program or we can't tell whether
 * it has. */
void arguments_follow(const struct heap *heap);

#endif
