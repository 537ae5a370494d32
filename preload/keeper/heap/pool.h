/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries of SITES, STACKS and LIFETIMES: given out, and taken back when the
 * keeper gives up those that nothing needs (keeper/snapshot/recycle.h).
 * Entries that came back are given out first, then those never used, in order.
 *
 * Entries that came back are a list through their own memory. Its head counts
 * its changes, so that a thread that read an older head does not take an entry
 * that is no longer first. A thread that is killed between taking an entry and
 * using it leaves one that is never used again.
 */
#ifndef SEEP_HEAP_POOL_H
#define SEEP_HEAP_POOL_H

#include "keeper/heap/heap.h"

/* An entry; 0: there is none, or no room for it. Any thread, signal-safe, lock-free. */
uint32_t pool_take(const struct heap *heap, enum seep_area_id id);

/* Gives an entry back. Its `next` (a site's next_free) is the list's from now on. Likewise. */
void pool_give(const struct heap *heap, enum seep_area_id id, uint32_t entry);

/* Entries that are given out, those that were lost to killed threads among them. */
uint32_t pool_used(const struct heap *heap, enum seep_area_id id);

/* Entries that could still be given out, were there room for all. */
static inline uint32_t pool_left(const struct heap *heap, enum seep_area_id id)
{
	uint32_t used = pool_used(heap, id);
	return used < heap->capacity[id] ? heap->capacity[id] - used : 0;
}

#endif
