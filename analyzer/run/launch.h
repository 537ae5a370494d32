/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a program in the foreground as if seep were not there: same process
 * group and terminal, same standard streams, signals passed on, its exit
 * status handed up.
 */
#ifndef SEEP_RUN_LAUNCH_H
#define SEEP_RUN_LAUNCH_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

enum launch_status {
	LAUNCH_CANNOT_EXECUTE = 126,
	LAUNCH_NOT_FOUND = 127,
	LAUNCH_SIGNAL_BASE = 128,
};

/* Signal masks and dispositions as they were when we were started. */
struct launch_signals {
	sigset_t mask;
	struct sigaction child_action;
};

struct launch_result {
	/* Set by the caller, behind launch_hold_signals(); NULL: nothing is done. The child is about to execute the program, traced
	 * by this thread with PTRACE_O_TRACEEXEC, and must be let go. `reason`: an errno if it can't be traced, else 0. */
	void (*before_exec)(pid_t pid, int reason, void *context);
	void *context;
	pid_t pid;
	int status;   /* exit status, 128 + signal, 126 or 127 */
	bool started; /* false: the program could not be executed; error says why */
	struct launch_signals before;
};

struct guard;

/* Blocks all signals until launch_and_wait() takes them. */
void launch_hold_signals(struct launch_result *result);

/* Looks up arguments[0] in PATH, runs it with `environment`, waits for its end. Signals that are sent to this
 * process alone meanwhile are sent on to the program, and we stop when it stops. All signals are blocked still afterwards.
 * The guard may be one that was never begun. */
void launch_and_wait(char **arguments, char **environment, struct guard *guard, struct launch_result *result,
		     struct error *error);

/* A copy of `environ` without the variables named in `drop` (a list that ends with NULL; an entry that ends with '_'
 * stands for all names that begin so) and with `add` ("NAME=value", ends with NULL) in addition. One allocation for
 * the array, the texts are borrowed. */
char **environment_derive(const char *const *drop, char *const *add);

/* If libseep.so was preloaded into this very program (a `seep` inside a `seep run`), executes the program anew without
 * it, so that seep never profiles itself. Returns if there is nothing to do. */
void launch_leave_shim(char **arguments);

#endif
