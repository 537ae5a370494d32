/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A signal does not tell whether it was sent to a process or to its group; one that went to the group has reached the
 * program by itself. So there is a witness: a process of our group that does nothing but collect the signals that
 * arrive. A signal that the witness got, too, was sent to the group.
 */
#ifndef SEEP_RUN_WITNESS_H
#define SEEP_RUN_WITNESS_H

#include <stdbool.h>
#include <sys/types.h>

#include "process/signals.h"

struct witness {
	pid_t pid; /* 0: there is none */
	int socket;
};

/* Called in the guard, with all signals blocked and before it leaves the group: forks the witness, which ends when the
 * guard and `seep run` do, however they end. Its pid, or 0. */
pid_t witness_fork(int questions, pid_t seep);

/* Called in `seep run`. The witness ends by itself when nobody can ask it any more. */
void witness_end(struct witness *witness);

/* Called when we are about to stop, so that the whole job stops. The next question wakes the witness. */
void witness_stop(const struct witness *witness);

/* Adds to `counts` the signals that have reached the witness since the last question. A signal to the group that one of
 * us has seen has reached both by then. False: there is no witness, or no longer. */
bool witness_ask(struct witness *witness, unsigned counts[SIGNALS + 1]);

#endif
