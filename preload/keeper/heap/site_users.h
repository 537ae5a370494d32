/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The threads that have a site's number in hand. A number in the live table or
 * in the ring keeps its site; between these, in a thread that has it from a
 * stack or from an entry that it takes out, it is counted in the site's
 * `users`: then the keeper does not give the site up
 * (keeper/snapshot/recycle.h says why that is enough).
 *
 * 	0 (free, being filled in) -(publish)-> OPEN -(keeper: CAS of OPEN without
 * 	users)-> CLOSED -(nothing needs it)-> 0, or -(something does)-> OPEN
 *
 * A thread that ends in between, or that a signal handler jumps out of it,
 * leaves a site that is never given up.
 */
#ifndef SEEP_HEAP_SITE_USERS_H
#define SEEP_HEAP_SITE_USERS_H

#include "keeper/base/atomics.h"
#include "keeper/heap/heap.h"

static inline bool site_has_users(const struct heap *heap, uint32_t site)
{
	return site != 0 && site < heap->capacity[SEEP_AREA_SITES];
}

/* One more user, whose entry in the live table holds the site. */
static inline void site_use(const struct heap *heap, uint32_t site)
{
	if (site_has_users(heap, site))
		atomic_fetch_add_explicit(&heap->sites[site].users, 1, memory_order_seq_cst);
}

/* release: all that this user did to live table, ring and counters comes before it */
static inline void site_let_go(const struct heap *heap, uint32_t site)
{
	if (site_has_users(heap, site))
		atomic_fetch_sub_explicit(&heap->sites[site].users, 1, memory_order_release);
}

/* Adds a user, where the site is in service: its stack then stays the same until the user lets go. */
static inline bool site_enter(const struct heap *heap, uint32_t site)
{
	if (!site_has_users(heap, site))
		return false;
	if (atomic_fetch_add_explicit(&heap->sites[site].users, 1, memory_order_seq_cst) & SEEP_SITE_OPEN)
		return true;
	site_let_go(heap, site);
	return false;
}

#endif
