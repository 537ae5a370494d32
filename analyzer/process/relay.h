/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals are as they were without us: each that can be caught and is sent to
 * us alone goes to the program, once, and with what came with it. What was
 * sent to the whole group has reached it. When the program stops, so do we.
 */
#ifndef SEEP_PROCESS_RELAY_H
#define SEEP_PROCESS_RELAY_H

#include <stdbool.h>
#include <sys/types.h>

#include "process/witness.h"

struct relay {
	pid_t program;
	struct witness witness;
	unsigned to_group[SIGNALS + 1]; /* the witness has seen it, and we are still to take it */
};

/* All signals must be blocked, from before the program's start on. */
void relay_begin(struct relay *relay);

/* Waits until the program has ended. Its status, as waitpid() has it. */
int relay_until_end(struct relay *relay, pid_t program);

void relay_end(struct relay *relay);

#endif
