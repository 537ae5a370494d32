/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What became of every sample that some snapshot of a recording saw alive, as cells. A cell has the equal samples of
 * one site that the same snapshot saw first and the same later one no longer had. From cells, the page computes in-use
 * space at any snapshot and growth between any two, with intervals, as `seep diff` does from the snapshots themselves.
 */
#ifndef SEEP_PAGE_CELLS_H
#define SEEP_PAGE_CELLS_H

#include <stddef.h>
#include <stdint.h>

#include "series/history.h"

/* `count` samples of `size` bytes taken at `rate`, which are in snapshot k of the recording (from 0) if born <= k <
 * dead. */
struct page_cell {
	uint32_t site; /* its number in the history */
	uint32_t born, dead;
	uint32_t count;
	uint64_t size, rate;
};

/* The cells of a history that is not closed yet, sorted by site, birth, death. The caller frees them. */
struct page_cell *page_cells_of(const struct history *history, size_t *count);

/* Everything that a site had allocated by some snapshot. There are entries only where that differs from the snapshot
 * before. */
struct page_counter {
	uint32_t site, snapshot;
	double bytes, objects; /* estimates */
	double largest;        /* objects that its largest sample stood for (see unseen_objects()) */
};

/* Sorted by snapshot; within one, in the sites' order. */
struct page_counters {
	struct page_counter *all;
	size_t count, capacity;
	struct seep_measure *now; /* by site, at the snapshot that is being added */
	uint32_t *last;           /* by site: index of its last counter + 1 */
	size_t site_count, site_capacity;
};

/* Adds what the sites had allocated at the moment that was last added to the history. */
void page_counters_add(struct page_counters *counters, const struct history *history, const struct moment *moment);
/* The same for the sum of several histories (history_sum()), from the counters of each. */
void page_counters_sum(struct page_counters *to, const struct history *sum, const struct page_counters *const *of,
		       const struct history_part *parts, size_t count);
/* The index, among all moments of a part, of its moment for one of the sum's. */
size_t page_place_of(const struct history_part *part, size_t moment);
void page_counters_free(struct page_counters *counters);

#endif
