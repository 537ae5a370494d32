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
	const char *environment; /* libseep.so's options: NAME=VALUE, each with its NUL */
	size_t environment_bytes;
	double pause_ms; /* the longest time that the process may stand still at once */
	bool linked;     /* the allocator is a part of the program, and is hooked there */
};

/* Whether the process could be joined now, as far as that can be told without stopping it. (If a process is behind
 * seccomp, one of its threads is stopped for a moment.) *linked: its allocator is a part of the program. False: the
 * error says why not. */
bool process_can_be_joined(pid_t pid, bool *linked, struct error *error);

/* When it returns, allocations are recorded. False: the error says why not, and the process is as it was, except that
 * the library may be in it, idle. */
bool process_join(const struct join_request *request, struct join_result *result, struct error *error);

/* Whether it was joined, or forked by one that was, and has not been left since. */
bool process_is_joined(pid_t pid);

/* Takes the hooks out. From then on seep sees no frees, so the recording ends: its last snapshot is written. The result's directory is
 * "" if the process was forked and has taken no sample yet: it has no recording. */
bool process_leave(pid_t pid, double pause_ms, struct join_result *result, struct error *error);

/* The modules that the watch over a joined process knows. */
struct join_watch;

/* Binds modules that were loaded since; call it now and then. False: the process has ended, or was left. */
struct join_watch *join_watch_begin(pid_t pid, double pause_ms);
bool join_watch_look(struct join_watch *watch);
void join_watch_end(struct join_watch *watch);

#endif
