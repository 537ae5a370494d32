/* SPDX-License-Identifier: Apache-2.0 */
/* Matches samples by (address, birth): first those of one site, then those that are left. Their lists are sorted by that and
 * merged, so that equal keys pair off. */
#include "compare/samples.h"

#include <stdlib.h>

#include "base/memory.h"
#include "work/keyed.h"

bool profiles_are_same_moment(const struct profile *before, const struct profile *after)
{
	return profiles_are_same_process(before, after) && before->time_ns != 0 && before->time_ns == after->time_ns &&
	       before->number == after->number;
}

static int sample_compare(const struct profile_sample *a, const struct profile_sample *b)
{
	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	return (a->birth_ns > b->birth_ns) - (a->birth_ns < b->birth_ns);
}

/* Samples of one profile that are yet to be found in the other. */
struct unmatched {
	const struct profile_sample *samples;
	uint32_t count;
	bool *is_shared; /* by sample */
	struct keyed *order;
	uint32_t left;
};

static struct unmatched unmatched_all(const struct profile *profile)
{
	return (struct unmatched){.samples = profile_samples(profile),
				  .count = profile->sample_count,
				  .is_shared = memory_allocate(profile->sample_count + 1u, sizeof(bool))};
}

/* Where the samples of the site at `begin` end. */
static uint32_t site_end(const struct unmatched *unmatched, uint32_t begin)
{
	const uint32_t site = unmatched->samples[begin].site;

	while (begin < unmatched->count && unmatched->samples[begin].site == site)
		begin++;
	return begin;
}

/* A site's samples are in the order of their births, then addresses. */
static void site_match(struct unmatched *before, uint32_t i, uint32_t old_end, struct unmatched *after, uint32_t j,
		       uint32_t new_end)
{
	while (i < old_end && j < new_end) {
		const struct profile_sample *a = &before->samples[i], *b = &after->samples[j];
		const bool is_less = a->birth_ns != b->birth_ns ? a->birth_ns < b->birth_ns : a->address < b->address;
		const bool is_equal = a->birth_ns == b->birth_ns && a->address == b->address;
		before->is_shared[i] |= is_equal;
		after->is_shared[j] |= is_equal;
		i += is_less || is_equal;
		j += !is_less;
	}
}

/* Where the samples of the site with this key begin, if it is one of the next few; else their end. */
enum { SITES_AHEAD = 8 };
static uint32_t site_ahead(const struct profile *profile, const struct unmatched *unmatched, uint32_t begin,
			   uint64_t key)
{
	for (int i = 0; i < SITES_AHEAD && begin < unmatched->count; i++) {
		if (profile->sites[unmatched->samples[begin].site].key == key)
			return begin;
		begin = site_end(unmatched, begin);
	}
	return unmatched->count;
}

/* Most samples that stay are found where they were: at their site, and both profiles have their sites in one order, but
 * for some that are new or gone. */
static void sites_match(const struct profile *earlier, const struct profile *later, struct unmatched *before,
			struct unmatched *after)
{
	for (uint32_t i = 0, j = 0; i < before->count && j < after->count;) {
		const uint32_t old_end = site_end(before, i), new_end = site_end(after, j);
		const uint64_t old_key = earlier->sites[before->samples[i].site].key;
		const uint64_t new_key = later->sites[after->samples[j].site].key;
		const uint32_t old_next = old_key == new_key ? old_end : site_ahead(earlier, before, old_end, new_key);
		const uint32_t new_next = old_key == new_key ? new_end : site_ahead(later, after, new_end, old_key);
		if (old_key == new_key)
			site_match(before, i, old_end, after, j, new_end);
		const bool is_old_ahead = old_key != new_key && old_next < before->count;
		const bool is_new_ahead = old_key != new_key && new_next < after->count;
		i = is_old_ahead ? old_next : is_new_ahead ? i : old_end;
		j = is_old_ahead ? j : is_new_ahead ? new_next : new_end;
	}
}

static void samples_order(struct unmatched *unmatched)
{
	const struct profile_sample *samples = unmatched->samples;
	struct keyed *order = unmatched->order = memory_allocate(unmatched->count + 1u, sizeof *order);

	for (uint32_t i = 0; i < unmatched->count; i++)
		if (!unmatched->is_shared[i])
			order[unmatched->left++] = (struct keyed){samples[i].address, i};
	keyed_sort(order, unmatched->left);
	for (uint32_t begin = 0, end; begin < unmatched->left; begin = end) {
		for (end = begin + 1; end < unmatched->left && order[end].key == order[begin].key; end++) {
		}
		for (uint32_t i = begin; i < end && end - begin > 1; i++)
			order[i].key = samples[order[i].item].birth_ns;
		if (end - begin > 1)
			keyed_sort(order + begin, end - begin);
	}
}

void samples_match(const struct profile *before, const struct profile *after, bool **in_after, bool **in_before)
{
	struct unmatched old = unmatched_all(before), new = unmatched_all(after);
	uint32_t i = 0, j = 0;

	sites_match(before, after, &old, &new);
	samples_order(&old);
	samples_order(&new);
	while (i < old.left && j < new.left) {
		const uint32_t old_item = old.order[i].item, new_item = new.order[j].item;
		const int order = sample_compare(&old.samples[old_item], &new.samples[new_item]);
		if (order == 0) {
			old.is_shared[old_item] = true;
			new.is_shared[new_item] = true;
		}
		i += order <= 0;
		j += order >= 0;
	}
	free(old.order);
	free(new.order);
	*in_after = old.is_shared;
	*in_before = new.is_shared;
}
