/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the counters of a period say about churn. In one process every counter only grows and the later snapshot's
 * include the earlier one's, so the period is their difference; the counters of another process are taken as they are.
 * If the recorder gave up a site in between, its counters are among the retired ones, and the site begins anew if its
 * stack comes again.
 */
#include "compare/churn.h"

#include <math.h>
#include <stdlib.h>

#include "base/map.h"
#include "base/memory.h"
#include "statistics/lifetime.h"
#include "statistics/measure.h"

#define DETECTION_LIMIT 3 /* times the rate: smaller amounts may go unseen */

/* The counters of a group in one profile. */
struct counters {
	struct seep_measure allocated, freed, freed_shortly, freed_remotely, freed_grown;
	double lifetimes[LIFETIME_BINS]; /* objects */
};

static void counters_add(struct counters *counters, const struct profile_site *site, const struct profile_freed *freed)
{
	measure_add(&counters->allocated, &site->allocated);
	measure_add(&counters->freed, &site->freed);
	if (freed) {
		measure_add(&counters->freed_shortly, &freed->shortly);
		measure_add(&counters->freed_remotely, &freed->remotely);
		measure_add(&counters->freed_grown, &freed->grown);
	}
	for (uint32_t i = 0; i < site->lifetime_count; i++) {
		if (site->lifetimes[i].bin < LIFETIME_BINS)
			counters->lifetimes[site->lifetimes[i].bin] += site->lifetimes[i].objects;
	}
}

/* Whether the site lost the counters that it had before: then they are smaller now. */
static bool was_given_up(const struct profile_site *before, const struct profile_site *after)
{
	return !before->retired && (!after || after->allocated.samples < before->allocated.samples ||
				    after->freed.samples < before->freed.samples);
}

/* For each site of the earlier profile, the group that has its counters in the later one. */
static uint32_t *groups_of_counters(const struct churn_period *period, const uint32_t *before_groups,
				    const uint32_t *after_groups)
{
	const struct profile *before = period->before, *after = period->after;
	uint32_t *groups = memory_allocate(before->site_count + 1u, sizeof *groups);
	struct numbering by_stack = {0};
	const uint32_t *retired = NULL;
	bool is_new;

	for (uint32_t i = 0; i < after->site_count; i++)
		retired = after->sites[i].retired ? &after_groups[i] : retired;
	for (uint32_t i = 0; i < after->site_count && retired; i++)
		numbering_put(&by_stack, after->sites[i].key, &is_new);
	for (uint32_t i = 0; i < before->site_count; i++) {
		const uint32_t found = numbering_get(&by_stack, before->sites[i].key);
		const struct profile_site *now = found != NUMBERING_NONE ? &after->sites[found] : NULL;
		groups[i] = retired && was_given_up(&before->sites[i], now) ? *retired : before_groups[i];
	}
	numbering_free(&by_stack);
	return groups;
}

static struct counters counters_of(const struct group_sites *sites, uint32_t group)
{
	const struct group_range range = group_sites_of(sites, group);
	struct counters counters = {0};

	for (uint32_t i = range.begin; i < range.end; i++) {
		const struct profile_site *site = &sites->profile->sites[group_sites_at(sites, group, i)];
		counters_add(&counters, site, profile_freed_of(sites->profile, site));
	}
	return counters;
}

static double share(const struct seep_measure *part, const struct seep_measure *whole)
{
	const double objects = sum_estimate(&whole->objects);

	return objects > 0 ? fmin(sum_estimate(&part->objects) / objects, 1) : NAN;
}

static void churn_fill(struct churn *churn, const struct counters *before, const struct counters *after, double seconds)
{
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
	churn->seconds = seconds;
	churn->bytes_per_second = sum_estimate(&churn->allocated.bytes) / seconds;
	churn->allocations_per_second = sum_estimate(&churn->allocated.objects) / seconds;
	churn->median_lifetime_ns = lifetime_median_ns(lifetimes);
	churn->shortly = share(&churn->freed_shortly, &churn->freed);
	churn->remotely = share(&churn->freed_remotely, &churn->freed);
	churn->grown = share(&churn->freed_grown, &churn->freed);
}

void churn_open(struct churn_counters *counters, const struct churn_period *period, const uint32_t *before_groups,
		const uint32_t *after_groups, const struct group_sites *after)
{
	*counters = (struct churn_counters){.period = *period, .after = *after};
	if (!period->same_process)
		return;
	uint32_t *groups = groups_of_counters(period, before_groups, after_groups);
	counters->before = group_sites_sort(period->before, groups, after->count);
	free(groups);
}

void churn_close(struct churn_counters *counters)
{
	group_sites_free(&counters->before);
}

struct churn churn_of(const struct churn_counters *counters, uint32_t group)
{
	const struct counters before = counters_of(&counters->before, group),
			      after = counters_of(&counters->after, group);
	struct churn churn = {0};

	churn_fill(&churn, &before, &after, counters->period.seconds);
	return churn;
}

static struct seep_measure allocated_of(const struct group_sites *sites, uint32_t group)
{
	const struct group_range range = group_sites_of(sites, group);
	struct seep_measure allocated = {0};

	for (uint32_t i = range.begin; i < range.end; i++)
		measure_add(&allocated, &sites->profile->sites[group_sites_at(sites, group, i)].allocated);
	return allocated;
}

struct seep_measure churn_allocated(const struct churn_counters *counters, uint32_t group)
{
	const struct seep_measure before = allocated_of(&counters->before, group),
				  after = allocated_of(&counters->after, group);

	return measure_since(&before, &after);
}

bool churn_is_hotspot(const struct seep_measure *allocated, const struct seep_measure *in_use, double rate)
{
	const double bytes = sum_estimate(&allocated->bytes);

	return bytes > 0 && bytes >= DETECTION_LIMIT * rate && bytes >= CHURN_TURNOVER * sum_estimate(&in_use->bytes);
}
