/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guard: a process beside `seep run`, of a session of its own, so that
 * nothing that happens to the job (stops, keys on its terminal, a SIGKILL to
 * its group) happens to it. It
 *
 * - keeps the recordings (keepers.h),
 * - is the parent of the witness (witness.h),
 * - continues `seep run`, which stops when its program does, should the
 *   program be continued without it,
 * - goes on where `seep run` is killed: until the program and the processes
 *   whose recordings it keeps have ended.
 */
#ifndef SEEP_RUN_GUARD_H
#define SEEP_RUN_GUARD_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "session/keepers.h"
#include "session/session.h"
#include "run/witness.h"

struct guard {
	const struct session *session;
	pid_t pid; /* 0: there is none */
	int socket;
	bool keeps;   /* recordings */
	bool watches; /* the guard can see whether a process is stopped */
	int begun;
	pid_t program;
	struct witness witness;
};

/* Forks the guard. All signals must be blocked, and there must be no other thread. If there is no guard, its functions
 * do nothing. */
void guard_begin(struct guard *guard, const struct session *session);

/* Tells the guard which program's end and stops it must watch. */
void guard_program_is(struct guard *guard, pid_t program);

/* Tell the guard that we are about to stop with the program, and that we run again. */
void guard_stopping(struct guard *guard);
void guard_going_on(struct guard *guard);

/* Whether the guard sent this signal to continue us. */
bool guard_sent(const struct guard *guard, const siginfo_t *signal);

/* If the guard has ended, starts another one, a few times at most. */
void guard_look_after(struct guard *guard);

/* Makes the guard give up all recordings and end, within little more than two seconds. */
struct keepers_waits guard_end(struct guard *guard);

#endif
