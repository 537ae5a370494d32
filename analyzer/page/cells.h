/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What became of every sample that some snapshot of a recording saw alive, as cells: equal samples of one site that
 * were first seen by the same snapshot and were gone by the same later one. From these the page computes in-use space at
 * any snapshot and growth between any two, with intervals, as `seep diff` does from the snapshots themselves.
 */
#ifndef SEEP_PAGE_CELLS_H
#define SEEP_PAGE_CELLS_H

#include <stddef.h>
#include <stdint.h>

#include "profile/profile.h"

/* `count` samples of `size` bytes taken at `rate`. In snapshot k of the recording (from 0) where born <= k < dead. */
struct page_cell {
	uint32_t site; /* index into page_sites.keys */
	uint32_t born, dead;
	uint32_t count;
	uint64_t size, rate;
};

/* What a site had allocated in all by some snapshot; there where that differs from the one before. */
struct page_counter {
	uint32_t site, snapshot;
	double bytes, objects; /* estimates */
	double largest;        /* objects that its largest sample stands for (see unseen_objects()) */
};

struct page_history; /* opaque */

struct page_history *page_history_create(void);
void page_history_free(struct page_history *history);

/* Adds the next snapshot; the profile may be freed afterwards. It need not be symbolized. */
void page_history_add(struct page_history *history, const struct profile *profile);

/* After the last: the results, owned by the history. Cells are ordered by site, birth, death; counters by snapshot, then
 * site. */
const struct page_cell *page_history_cells(struct page_history *history, size_t *count);
const struct page_counter *page_history_counters(const struct page_history *history, size_t *count);

/* Sites are numbered in the order in which they were first seen. */
uint32_t page_history_sites(const struct page_history *history);
/* The number of the site with this key (profile_site.key); UINT32_MAX where no snapshot had it. */
uint32_t page_history_site(const struct page_history *history, uint64_t key);

#endif
