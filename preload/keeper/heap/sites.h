/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Site counters: what a sample weighs (Horvitz and Thompson: docs/SAMPLING.md),
 * and folding one event into its site. The consumer folds the ring's events,
 * and a producer folds its own event when the ring is full; both add
 * atomically, so they may run at the same time.
 */
#ifndef SEEP_HEAP_SITES_H
#define SEEP_HEAP_SITES_H

#include <stdbool.h>
#include <stdint.h>

#include <seep/measure.h>

#include "keeper/heap/heap.h"

struct weight {
	bool certain;          /* 1 - p < 1e-4 */
	double bytes, objects; /* s/p and 1/p; s and 1 when certain */
	double bytes_variance; /* s^2 (1-p)/p^2; 0 when certain */
	double objects_variance;
};

struct weight weight_of(uint64_t size, uint64_t rate);

/* Adds what one sample stands for, bytes or objects, to a plain sum. */
static inline void sum_add_weighted(struct seep_sum *sum, bool certain, double value, double variance)
{
	if (certain) {
		sum->certain += value;
		return;
	}
	sum->uncertain += value;
	sum->variance += variance;
	if (value > sum->largest)
		sum->largest = value;
}

/* Adds one sample of that weight to a plain measure. */
void weight_add_to_measure(struct seep_measure *measure, const struct weight *weight);

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
