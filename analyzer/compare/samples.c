/* SPDX-License-Identifier: Apache-2.0 */
/* Matches samples by (address, birth): both lists are sorted by that and merged, so that equal keys pair off. */
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

static struct keyed *samples_order(const struct profile *profile)
{
	struct keyed *order = memory_allocate(profile->sample_count + 1u, sizeof *order);
	const struct profile_sample *samples = profile_samples(profile);

	for (uint32_t i = 0; i < profile->sample_count; i++)
		order[i] = (struct keyed){samples[i].birth_ns, i};
	keyed_sort(order, profile->sample_count);
	for (uint32_t i = 0; i < profile->sample_count; i++)
		order[i].key = samples[order[i].item].address;
	keyed_sort(order, profile->sample_count);
	return order;
}

void samples_match(const struct profile *before, const struct profile *after, bool **in_after, bool **in_before)
{
	struct keyed *old = samples_order(before), *new = samples_order(after);
	const struct profile_sample *earlier = profile_samples(before), *later = profile_samples(after);
	uint32_t i = 0, j = 0;

	*in_after = memory_allocate(before->sample_count + 1u, sizeof **in_after);
	*in_before = memory_allocate(after->sample_count + 1u, sizeof **in_before);
	while (i < before->sample_count && j < after->sample_count) {
		const int order = sample_compare(&earlier[old[i].item], &later[new[j].item]);
		if (order == 0) {
			(*in_after)[old[i].item] = true;
			(*in_before)[new[j].item] = true;
		}
		i += order <= 0;
		j += order >= 0;
	}
	free(old);
	free(new);
}
