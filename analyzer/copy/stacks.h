/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds the memory below the stack pointers of a program's threads: words that earlier calls have left there refer to
 * nothing.
 *
 * It finds it only for threads on their own stack. libdw walks the copy, and the frames must lead from the stack
 * pointer up to where the thread began, all on that stack. A thread on a coroutine's stack, or in a signal handler on
 * another stack, may have frames anywhere.
 */
#ifndef SEEP_COPY_STACKS_H
#define SEEP_COPY_STACKS_H

#include "copy/image.h"

struct dead_range {
	uint64_t start, end;
};

/* The ranges in the copy, which has these mappings; the caller frees the array. */
struct dead_range *stacks_find_dead(const struct image *image, const struct ledger *copied, pid_t program,
				    size_t *count);

#endif
