/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Site counters: folding one event into its site. Called by the consumer for
 * ring events and by a producer for its own event when the ring is full; both
 * add atomically, so they may run at the same time.
 */
#ifndef SEEP_HEAP_SITES_H
#define SEEP_HEAP_SITES_H

#include "keeper/heap/heap.h"

/* Counts what happened to a sampled block, without the ring. */
struct event {
	enum seep_event_kind kind;
	uint64_t size;
	uint32_t rate_index;
	uint32_t site;
	uint32_t thread;
	uint64_t time_ns; /* ALLOCATED: birth; FREED*: lifetime */
	bool grown;       /* FREED*: by a realloc that asked for more */
};

/* Any thread, signal-safe, lock-free. A site index out of range is filed under site 0. */
void site_fold(const struct heap *heap, const struct event *event);

/* Bin of a lifetime: floor(log2), 0 for 0 ns. */
uint32_t lifetime_bin(uint64_t lifetime_ns);

#endif
