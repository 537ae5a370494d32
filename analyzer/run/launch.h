/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a program in the foreground as if seep were not there: it has the same process group, terminal and standard
 * streams, gets the signals, and its exit status becomes seep's.
 */
#ifndef SEEP_RUN_LAUNCH_H
#define SEEP_RUN_LAUNCH_H

#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/error.h"

enum launch_status {
	LAUNCH_CANNOT_EXECUTE = 126,
	LAUNCH_NOT_FOUND = 127,
	LAUNCH_SIGNAL_BASE = 128,
};

/* The state in which we were started, and which the program is to get. */
struct launch_inherited {
	sigset_t mask;
	struct sigaction child_action;
	struct rlimit file_size;
};

struct launch_result {
	/* Set by the caller after launch_prepare(); NULL: nothing is called. Called when the child is about to
	 * execute the program, traced by this thread with PTRACE_O_TRACEEXEC; it must let the child go. `reason`: an
	 * errno if the child can't be traced, else 0. */
	void (*before_exec)(pid_t pid, int reason, void *context);
	void *context;
	pid_t pid;
	int status;   /* exit status, 128 + signal, 126 or 127 */
	bool started; /* false: the program could not be executed; error says why */
	struct launch_inherited before;
};

struct guard;

/* Blocks all signals until launch_and_wait() takes them. A limit of the size of files is raised as far as we may: it is the
 * program's, and recordings are files of ours. */
void launch_prepare(struct launch_result *result);

/* Looks up arguments[0] in PATH, runs it with `environment` and waits for its end. Meanwhile it sends on the signals
 * that are sent to this process alone, and stops when the program stops. Afterwards all signals are still blocked. The
 * guard may be one that was never begun. */
void launch_and_wait(char **arguments, char **environment, struct guard *guard, struct launch_result *result,
		     struct error *error);

/* A copy of `environ` without the variables named in `drop` (a list that ends with NULL; an entry that ends with '_'
 * stands for all names that begin so) and with `add` ("NAME=value", ends with NULL) in addition. One allocation for
 * the array, the texts are borrowed. */
char **environment_derive(const char *const *drop, char *const *add);

/* If libseep.so was preloaded into this very process (a `seep` inside a `seep run`), executes seep anew without it, so
 * that seep never profiles itself. Returns if that is not needed. */
void launch_leave_shim(char **arguments);

#endif
