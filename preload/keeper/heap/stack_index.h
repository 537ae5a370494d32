/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The index of the stack table: words by the hash of their stack, lock-free.
 * A word is a site's number and the upper half of the hash. 0: a slot that was
 * never used.
 *
 * It grows by levels, since nothing in it ever moves. All slots in which a
 * stack may be are a path, which the hash alone decides: a line of eight slots
 * in each level but the last, then all of the last one. A word is put into the
 * first slot of its path that is free, so whoever looks for it stops where a
 * slot was never used, and two threads that put the same stack in at the same
 * time meet in one slot.
 *
 * A word that is taken out leaves a tombstone, which is free and was used. In the last level, where paths would grow
 * for ever, tombstones at the end of a path are cleared.
 */
#ifndef SEEP_HEAP_STACK_INDEX_H
#define SEEP_HEAP_STACK_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "keeper/heap/heap.h"

/* A walk along a stack's path. */
struct index_path {
	const struct heap *heap;
	uint32_t hash;
	uint32_t level, probe; /* of the next slot */
};

static inline struct index_path index_path_begin(const struct heap *heap, uint64_t hash)
{
	return (struct index_path){.heap = heap, .hash = (uint32_t)hash};
}

/* The next slot; NULL: the next level is not there, or that was all. */
seep_atomic64 *index_path_next(struct index_path *path);

/* True: the level that was missing is there by now; the program asks for its room if need be. Any thread,
 * signal-safe. */
bool index_path_extend(const struct index_path *path);

static inline bool index_word_is_free(uint64_t word)
{
	return (uint32_t)word == 0;
}

/* For the keeper: takes out the sites that are given up. */
void index_take_out(const struct heap *heap, bool (*is_given_up)(const struct heap *heap, uint32_t site));

#endif
