/* SPDX-License-Identifier: Apache-2.0 */
/* Sites whose blocks come and go over a series of snapshots, as in a real program: one site in a hundred leaks, others
 * fill a cache, stop, churn, or stay; one in sixteen appears later. */
#ifndef SEEP_BENCH_SERIES_SITES_H
#define SEEP_BENCH_SERIES_SITES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "seep/snapshot.h"

enum { SERIES_LIVE_MOST = 32 /* samples of a site, of series of up to 64 moments */ };

/* When a series is looked at; moments count from 1. */
struct series_time {
	uint64_t moment, moments, interval_ns, start_ns, rate;
};

/* Counts one more sample of that size. */
void sample_add(struct seep_measure *measure, double size, double rate);

/* Whether the site is there yet. */
bool series_site_is_there(size_t index, const struct series_time *time);

/* Fills the sums of a site, and its live samples; returns how many there are. `number`: the site's in its snapshot. */
size_t series_site_fill(struct seep_site *site, struct seep_live *live, size_t index, uint32_t number,
			const struct series_time *time);

#endif
