/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a thread may be borrowed: it must be in the midst of nothing that the
 * call of dlopen() needs. So it waits in a system call of a kind that
 * allocators and the loader do not make, or it runs outside of the C library;
 * and its stack, unwound by libdw, shows no frame of the allocator, of the
 * loader, of fork() or exit(); and that stack is the one which the C library has
 * given it, as a frame of ours goes below it.
 */
#ifndef SEEP_TRACING_SAFE_POINT_H
#define SEEP_TRACING_SAFE_POINT_H

#include "tracing/loaded.h"
#include "tracing/tracees.h"

struct safe_point; /* what unwinding a process takes */

struct safe_point *safe_point_begin(pid_t pid, const struct loaded *loaded, const struct loaded_module *allocator);
/* Nor may a frame be in these: an allocator that is a part of the program. They stay the caller's. */
struct code_range {
	uint64_t start, end;
};
void safe_point_forbid(struct safe_point *safe, const struct code_range *ranges, size_t count);
void safe_point_end(struct safe_point *safe);

/* The longer a thread will wait, as far as that can be told, the better: 0, the best; a negative number: not this one. It
 * need not be stopped. */
int safe_point_rank(pid_t pid, pid_t tid);

/* Of a stopped thread. False: why not, for the message. */
bool safe_point_is_here(struct safe_point *safe, const struct tracee *tracee, const char **why);

/* Is a stopped thread in a restartable sequence? That would not be begun again. */
bool safe_point_in_sequence(const struct tracee *tracee);

#endif
