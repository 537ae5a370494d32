/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a thread may be borrowed: it must not be in the middle of anything that the call of dlopen() needs. So it waits
 * in a system call of a kind that neither allocators nor the loader make, or it runs outside of the C library. Its
 * stack, unwound by libdw, must show no frame of the allocator, the loader, fork() or exit(). And the stack must be the
 * one that the C library has given it, because a frame of ours goes below it.
 */
#ifndef SEEP_TRACING_SAFE_POINT_H
#define SEEP_TRACING_SAFE_POINT_H

#include "tracing/loaded.h"
#include "tracing/tracees.h"

struct safe_point; /* what unwinding a process needs */

struct safe_point *safe_point_begin(pid_t pid, const struct loaded *loaded, const struct loaded_module *allocator);
/* No frame may be in these, either: an allocator that is a part of the program. They stay the caller's. */
struct code_range {
	uint64_t start, end;
};
void safe_point_forbid(struct safe_point *safe, const struct code_range *ranges, size_t count);
void safe_point_end(struct safe_point *safe);

/* Ranks a thread by how long it will probably wait: 0 is the best, a negative number excludes it. It need not be
 * stopped. */
int safe_point_rank(pid_t pid, pid_t tid);

/* For a stopped thread. False: `why` is the reason, for the message. */
bool safe_point_is_here(struct safe_point *safe, const struct tracee *tracee, const char **why);

/* Whether a stopped thread is in a restartable sequence, which nobody would restart. */
bool safe_point_in_sequence(const struct tracee *tracee);

#endif
