/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a period's counters say about churn. In one process every counter only
 * grows and the later snapshot holds the earlier one's, so the period is their
 * difference; the counters of another process are taken as they are.
 */
#include "compare/churn.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "statistics/lifetime.h"
#include "statistics/measure.h"

#define DETECTION_LIMIT 3 /* times the rate: less may be unseen altogether */

/* The counters of a group in one profile. */
struct counters {
	struct seep_measure allocated, freed, freed_shortly, freed_remotely, freed_grown;
	double lifetimes[LIFETIME_BINS]; /* objects */
};

static void counters_add(struct counters *counters, const struct profile_site *site)
{
	measure_add(&counters->allocated, &site->allocated);
	measure_add(&counters->freed, &site->freed);
	measure_add(&counters->freed_shortly, &site->freed_shortly);
	measure_add(&counters->freed_remotely, &site->freed_remotely);
	measure_add(&counters->freed_grown, &site->freed_grown);
	for (uint32_t i = 0; i < site->lifetime_count; i++) {
		if (site->lifetimes[i].bin < LIFETIME_BINS)
			counters->lifetimes[site->lifetimes[i].bin] += site->lifetimes[i].objects;
	}
}

/* By group, the total behind the last. */
static struct counters *counters_of(const struct profile *profile, const uint32_t *groups, uint32_t count)
{
	struct counters *counters = memory_allocate(count + 1u, sizeof *counters);

	for (uint32_t i = 0; i < profile->site_count; i++) {
		counters_add(&counters[groups[i]], &profile->sites[i]);
		counters_add(&counters[count], &profile->sites[i]);
	}
	return counters;
}

static double share(const struct seep_measure *part, const struct seep_measure *whole)
{
	const double objects = sum_estimate(&whole->objects);

	return objects > 0 ? fmin(sum_estimate(&part->objects) / objects, 1) : NAN;
}

static void row_fill_churn(struct comparison_row *row, const struct counters *before, const struct counters *after,
			   double seconds, double rate)
{
	struct churn *churn = &row->churn;
	double lifetimes[LIFETIME_BINS];

	churn->allocated = measure_since(&before->allocated, &after->allocated);
	churn->freed = measure_since(&before->freed, &after->freed);
	churn->freed_shortly = measure_since(&before->freed_shortly, &after->freed_shortly);
	churn->freed_remotely = measure_since(&before->freed_remotely, &after->freed_remotely);
	churn->freed_grown = measure_since(&before->freed_grown, &after->freed_grown);
	for (int bin = 0; bin < LIFETIME_BINS; bin++) {
		const double gain = after->lifetimes[bin] - before->lifetimes[bin];
		lifetimes[bin] = gain > 1e-9 * after->lifetimes[bin] ? gain : 0;
	}
	const double bytes = sum_estimate(&churn->allocated.bytes);
	churn->seconds = seconds;
	churn->bytes_per_second = bytes / seconds;
	churn->allocations_per_second = sum_estimate(&churn->allocated.objects) / seconds;
	churn->median_lifetime_ns = lifetime_median_ns(lifetimes);
	churn->shortly = share(&churn->freed_shortly, &churn->freed);
	churn->remotely = share(&churn->freed_remotely, &churn->freed);
	churn->grown = share(&churn->freed_grown, &churn->freed);
	churn->hotspot =
	    bytes > 0 && bytes >= DETECTION_LIMIT * rate && bytes >= CHURN_TURNOVER * sum_estimate(&row->after.bytes);
}

void comparison_fill_churn(struct comparison *comparison, const uint32_t *before_groups, const uint32_t *after_groups)
{
	const uint32_t count = comparison->count;
	struct counters *after = counters_of(comparison->after, after_groups, count);
	struct counters *before = comparison->same_process ? counters_of(comparison->before, before_groups, count)
							   : memory_allocate(count + 1u, sizeof *before);

	for (uint32_t i = 0; i < count; i++)
		row_fill_churn(&comparison->rows[i], &before[i], &after[i], comparison->seconds, comparison->rate);
	row_fill_churn(&comparison->total, &before[count], &after[count], comparison->seconds, comparison->rate);
	free(before);
	free(after);
}

static int hotspot_compare(const void *left, const void *right, void *rows)
{
	const struct comparison_row *array = rows;
	const double a = sum_estimate(&array[*(const uint32_t *)left].churn.allocated.bytes);
	const double b = sum_estimate(&array[*(const uint32_t *)right].churn.allocated.bytes);

	if (a != b)
		return a > b ? -1 : 1;
	return (*(const uint32_t *)left > *(const uint32_t *)right) ? 1 : -1;
}

void comparison_rank_churn(struct comparison *comparison)
{
	comparison->churn = memory_allocate(comparison->count + 1u, sizeof *comparison->churn);
	for (uint32_t i = 0; i < comparison->count; i++) {
		if (comparison->rows[i].churn.hotspot)
			comparison->churn[comparison->churn_count++] = i;
	}
	qsort_r(comparison->churn, comparison->churn_count, sizeof *comparison->churn, hotspot_compare,
		comparison->rows);
}
