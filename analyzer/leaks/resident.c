/* SPDX-License-Identifier: Apache-2.0 */
/* See resident.h. */
#include "leaks/resident.h"

#include <stdlib.h>

#include "base/map.h"
#include "base/memory.h"

struct sum {
	double mapped, absent;
};

static void sum_add(struct sum *sum, const struct profile *located, const struct profile_sample *sample)
{
	const struct seep_absence there = profile_residence(located, sample);
	const double absent = (double)sample->size - (double)there.resident_bytes - (double)there.swapped_bytes;

	sum->mapped += (double)sample->size;
	sum->absent += absent > 0 ? absent : 0;
}

void rows_take_absent(struct leak_row *rows, uint32_t count, const struct series *series, const uint32_t *groups)
{
	const struct profile *located = series->located, *reference = series->reference;

	if (!located)
		return;
	struct sum *sums = memory_allocate(count + 1u, sizeof *sums);
	struct map *group_of = map_create();
	for (uint32_t i = 0; i < reference->site_count; i++) {
		bool is_new;
		*map_put(group_of, reference->sites[i].key, &is_new) = groups[i];
	}
	for (uint32_t i = 0; i < located->sample_count; i++) {
		const struct profile_sample *sample = &profile_samples(located)[i];
		const uint64_t *group = map_get(group_of, located->sites[sample->site].key);
		if (group && *group < count)
			sum_add(&sums[*group], located, sample);
	}
	for (uint32_t i = 0; i < count; i++)
		rows[i].absent_share = sums[i].mapped > 0 ? sums[i].absent / sums[i].mapped : 0;
	map_free(group_of);
	free(sums);
}
