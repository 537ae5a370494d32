/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What lies below the stack pointers of a program's threads: words that calls have left behind, which refer to nothing.
 *
 * It is told for threads alone that are on their own stack, by libdw's walk over the copy: the frames lead upwards from the stack
 * pointer to where the thread began, all on that stack. One that is on a coroutine's stack, or in a signal handler on another, may have
 * left frames anywhere.
 */
#ifndef SEEP_COPY_STACKS_H
#define SEEP_COPY_STACKS_H

#include "copy/image.h"

struct dead_range {
	uint64_t start, end;
};

/* Of the copy, with its mappings; the caller frees the array. */
struct dead_range *stacks_find_dead(const struct image *image, const struct ledger *copied, pid_t program,
				    size_t *count);

#endif
