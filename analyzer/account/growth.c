/* SPDX-License-Identifier: Apache-2.0 */
/* Samples that both moments have cancel out: the in-use space grew by the new samples, less the gone ones. */
#include "account/growth.h"

#include <math.h>

#include "account/account.h"
#include "statistics/measure.h"

#define RSS_GROWTH_LEAST (8 << 20)
#define RSS_GROWTH_SHARE 0.05 /* of RSS: nobody looks for a smaller growth */

static double distance_ns(const struct history *history, size_t moment, double middle_ns)
{
	return fabs((double)history->moments[moment].sums.time_ns - middle_ns);
}

/* The last of the first `count` moments that has sums; `count`: none has any. */
static size_t moment_last(const struct history *history, size_t count)
{
	for (size_t i = count; i-- > 0;)
		if (history->moments[i].classes.is_known)
			return i;
	return count;
}

/* Of the moments with sums before `last`, the one nearest to the middle of the time until then; `last`: none has
 * any. */
static size_t moment_middle(const struct history *history, size_t last)
{
	const double start_ns = (double)history->first.start_ns;
	const double middle_ns = start_ns + ((double)history->moments[last].sums.time_ns - start_ns) / 2;
	size_t found = moment_last(history, last);

	for (size_t i = 0; i < last; i++)
		if (history->moments[i].classes.is_known &&
		    distance_ns(history, i, middle_ns) < distance_ns(history, found, middle_ns))
			found = i;
	return found;
}

static void in_use_take(struct memory_growth *growth, const struct history *history, size_t first, size_t last)
{
	struct seep_measure fresh = {0}, gone = {0};
	uint64_t rate = 0;

	for (size_t i = 0; i < history->object_count; i++) {
		const struct followed *object = &history->objects[i];
		const bool then = object->first <= first && first <= object->last;
		const bool now = object->first <= last && last <= object->last;
		if (then != now)
			measure_add_sample(now ? &fresh : &gone, object->size, object->rate);
		rate = object->rate > rate ? object->rate : rate;
	}
	growth->has_in_use = history->moments[first].has_samples && history->moments[last].has_samples;
	growth->in_use = sum_estimate(&fresh.bytes) - sum_estimate(&gone.bytes);
	growth->in_use_interval = difference_interval(&fresh.bytes, &gone.bytes, unseen_bytes((double)rate), ALPHA);
}

struct memory_growth memory_growth_of_history(const struct history *history)
{
	const size_t last = moment_last(history, history->count);
	struct memory_growth growth = {0};

	if (last == history->count)
		return growth;
	growth.after = history->moments[last].classes;
	growth.to_ns = history->moments[last].sums.time_ns - history->first.start_ns;
	const size_t first = moment_middle(history, last);
	if (first == last)
		return growth;
	growth.is_known = true;
	growth.before = history->moments[first].classes;
	growth.from_ns = history->moments[first].sums.time_ns - history->first.start_ns;
	in_use_take(&growth, history, first, last);
	return growth;
}

static struct class_sums sums_of_profile(const struct profile *profile)
{
	struct class_sums sums = {0};
	struct account account;

	if (!account_make(&account, profile))
		return profile->earlier_classes;
	for (int class = 0; class < SEEP_LEDGER_CLASSES; class ++)
		sums.resident[class] = account.classes[class].resident;
	class_sums_close(&sums, account.rss, account.rss);
	class_sums_take_kept(&sums, profile->memory_known, profile->memory);
	account_free(&account);
	return sums;
}

/* When a profile's sums were taken, since recording began. */
static uint64_t sums_ns(const struct profile *profile)
{
	return (profile->earlier_classes.is_known ? profile->earlier_ns : profile->time_ns) - profile->start_ns;
}

struct memory_growth memory_growth_of_profiles(const struct profile *before, const struct profile *after)
{
	struct memory_growth growth = {.from_ns = sums_ns(before),
				       .to_ns = sums_ns(after),
				       .is_of_others =
					   before->earlier_classes.is_known || after->earlier_classes.is_known,
				       .before = sums_of_profile(before),
				       .after = sums_of_profile(after)};

	/* both may have had to take the same snapshot's */
	const bool is_one = growth.is_of_others && growth.from_ns == growth.to_ns;
	growth.is_known = growth.before.is_known && growth.after.is_known && !is_one;
	return growth;
}

bool memory_growth_is_elsewhere(const struct memory_growth *growth)
{
	const double rss = memory_growth_of_rss(growth);

	return growth->is_known && growth->has_in_use && rss >= RSS_GROWTH_LEAST &&
	       rss >= RSS_GROWTH_SHARE * growth->after.rss && growth->in_use_interval.high < rss / 2;
}
