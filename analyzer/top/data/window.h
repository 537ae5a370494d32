/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every site and thread had in use at some past moments, from which growth over a sliding window follows. Live
 * samples know when they were born. So the blocks that came since a moment, and those that went, follow from the sums
 * at that moment and now: no sample has to be remembered.
 */
#ifndef SEEP_TOP_DATA_WINDOW_H
#define SEEP_TOP_DATA_WINDOW_H

#include "top/data/look.h"

#define WINDOW_STEPS 12 /* a window slides by a twelfth of its length */

enum window_length { WINDOW_SHORT, WINDOW_MINUTE, WINDOW_LONG, WINDOW_LENGTHS };

struct past_tally {
	struct seep_sum in_use; /* bytes */
	double allocated_bytes, allocations;
	uint32_t cell; /* first cell of the site's stack */
};

struct past {
	uint64_t time_ns; /* 0: there is no moment here */
	struct past_tally *sites, *threads;
	uint32_t site_count, thread_count;
};

struct window {
	struct past ring[WINDOW_LENGTHS][WINDOW_STEPS + 1];
	uint32_t next[WINDOW_LENGTHS];
};

/* Remembers a look, replacing the oldest one, if a step of the window has passed since the last one. */
void window_remember(struct window *window, const struct look *look);
/* The latest moment that is at least as old as the window; if none is, the oldest. NULL: there is none. */
const struct past *window_find(const struct window *window, enum window_length length, uint64_t now_ns);
void window_free(struct window *window);

/* The change since a past moment; changes of several sites add up. */
struct change {
	struct seep_sum fresh, gone; /* bytes that came and stayed, and bytes that were there and went */
	double allocated_bytes, allocations;
};

/* Adds one site's change. `past`: NULL if there is no earlier moment; then everything is 0. The look must have been
 * taken with that moment's time. */
void change_add_site(struct change *change, const struct look *look, uint32_t site, const struct past *past);
void change_add_thread(struct change *change, const struct look *look, uint32_t thread, const struct past *past);
void change_include(struct change *change, const struct change *more);

static inline double change_growth(const struct change *change)
{
	return sum_estimate(&change->fresh) - sum_estimate(&change->gone);
}

#endif
