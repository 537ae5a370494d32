/* SPDX-License-Identifier: Apache-2.0 */
/* Which class of memory grew between two moments, and whether growth of the in-use space explains it. All in bytes. */
#ifndef SEEP_ACCOUNT_GROWTH_H
#define SEEP_ACCOUNT_GROWTH_H

#include "profile/profile.h"
#include "series/history.h"
#include "statistics/interval.h"

struct memory_growth {
	bool is_known; /* there are two moments at which somebody looked; else only `after` and its time may be */
	uint64_t from_ns, to_ns; /* since recording began */
	struct class_sums before, after;
	bool has_in_use; /* there are samples of both moments */
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

/* Of the heap's class, what is not in use: kept by the allocator, or asked for earlier and touched since. */
static inline double memory_growth_of_rest(const struct memory_growth *growth)
{
	return memory_growth_of(growth, SEEP_LEDGER_HEAP) - growth->in_use;
}

/* Of that, by the allocator's structures; 0 where they were not looked at both times. */
static inline double memory_growth_of_kept(const struct memory_growth *growth, enum kept_part part)
{
	return growth->before.has_kept && growth->after.has_kept ? growth->after.kept[part] - growth->before.kept[part]
								 : 0;
}

/* From the moment nearest to the middle of the recording's time to the last one, of those at which somebody looked. */
struct memory_growth memory_growth_of_history(const struct history *history);

/* Without what is in use: who compares profiles has that. */
struct memory_growth memory_growth_of_profiles(const struct profile *before, const struct profile *after);

/* RSS grew by much, and what is in use by less than half of that for sure. */
bool memory_growth_is_elsewhere(const struct memory_growth *growth);

#endif
