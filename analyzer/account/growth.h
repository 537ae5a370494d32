/* SPDX-License-Identifier: Apache-2.0 */
/* Which class of memory grew between two moments, and whether growth of the in-use space explains it. All in bytes. */
#ifndef SEEP_ACCOUNT_GROWTH_H
#define SEEP_ACCOUNT_GROWTH_H

#include "profile/profile.h"
#include "series/history.h"
#include "statistics/interval.h"

struct memory_growth {
	bool is_known;           /* somebody looked at two moments; otherwise only `after` and its time may be valid */
	uint64_t from_ns, to_ns; /* since recording began */
	struct class_sums before, after;
	bool is_of_others; /* one of the two profiles had no ledger: these are times and sums of snapshots before */
	bool has_in_use;   /* both moments have samples */
	double in_use;
	struct interval in_use_interval;
};

static inline double memory_growth_of(const struct memory_growth *growth, enum seep_ledger_class class)
{
	return growth->after.resident[class] - growth->before.resident[class];
}

static inline double memory_growth_of_rss(const struct memory_growth *growth)
{
	return growth->after.rss - growth->before.rss;
}

/* Growth of that part of the heap's class which is not in use: kept by the allocator, or asked for earlier and first
 * touched since. */
static inline double memory_growth_of_rest(const struct memory_growth *growth)
{
	return memory_growth_of(growth, SEEP_LEDGER_HEAP) - growth->in_use;
}

/* The part of that growth that the allocator's structures show; 0 unless they were looked at both times. */
static inline double memory_growth_of_kept(const struct memory_growth *growth, enum kept_part part)
{
	return growth->before.has_kept && growth->after.has_kept ? growth->after.kept[part] - growth->before.kept[part]
								 : 0;
}

/* Between the moment nearest to the middle of the recording's time and the last one, of those at which somebody
 * looked. */
struct memory_growth memory_growth_of_history(const struct history *history);

/* Without the in-use space, which those who compare profiles have already. */
struct memory_growth memory_growth_of_profiles(const struct profile *before, const struct profile *after);

/* Whether RSS grew much, and the in-use space surely by less than half of that. */
bool memory_growth_is_elsewhere(const struct memory_growth *growth);

#endif
