/* SPDX-License-Identifier: Apache-2.0 */
/* Joining a process that runs, and leaving it: docs/ATTACH.md has the steps, and why each is as it is. */
#ifndef SEEP_ATTACH_JOIN_H
#define SEEP_ATTACH_JOIN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "attach/join_result.h"
#include "base/error.h"

struct join_request {
	pid_t pid;
	const char *shim;        /* path of libseep.so */
	const char *environment; /* NAME=VALUE, each with its NUL: what libseep.so reads as its options */
	size_t environment_bytes;
	double pause_ms; /* the process stands still no longer than this at a time */
	bool linked;     /* its allocator is a part of the program, and is hooked there */
};

/* Could it be joined now, as far as can be told without stopping it? (A thread of a process behind seccomp is stopped for
 * a moment.) *linked: its allocator is a part of it. False: the error says why not. */
bool process_can_be_joined(pid_t pid, bool *linked, struct error *error);

/* From its return on, allocations are recorded. False: the error says why not, and the process is as it was (but for the
 * library, which may be there, idle). */
bool process_join(const struct join_request *request, struct join_result *result, struct error *error);

/* Takes the hooks out. What is freed from now on is not seen, so the recording ends: its last snapshot is written. */
bool process_leave(pid_t pid, double pause_ms, struct join_result *result, struct error *error);

/* What the watch over a joined process has seen. */
struct join_watch;

/* Modules that were loaded since are bound, too: call it now and then. False: the process has ended, or was left. */
struct join_watch *join_watch_begin(pid_t pid, double pause_ms);
bool join_watch_look(struct join_watch *watch);
void join_watch_end(struct join_watch *watch);

#endif
