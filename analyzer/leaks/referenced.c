/* SPDX-License-Identifier: Apache-2.0 */
/* See referenced.h. */
#include "leaks/referenced.h"

#include <stdlib.h>

#include <seep/search.h>

#include "base/map.h"
#include "base/memory.h"

uint32_t reference_state(const struct profile *profile, uint64_t address)
{
	size_t low = SEEP_COUNT_BELOW(profile->references, profile->reference_count, address, address);

	const bool is_there = low < profile->reference_count && profile->references[low].address == address;
	return is_there && profile->references[low].state < SEEP_REFERENCE_STATES ? profile->references[low].state : 0;
}

void reference_sum_add(struct reference_sum *sum, const struct profile_sample *sample, bool is_lost)
{
	size_t at = REFERENCES_LEAST - 1;

	share_add(&sum->share, sample->size, sample->rate, is_lost);
	if (!is_lost || sample->birth_ns <= sum->youngest_ns[at])
		return;
	for (; at > 0 && sum->youngest_ns[at - 1] < sample->birth_ns; at--)
		sum->youngest_ns[at] = sum->youngest_ns[at - 1];
	sum->youngest_ns[at] = sample->birth_ns;
}

void row_take_references(struct leak_row *row, const struct reference_sum *sum, uint64_t looked_ns)
{
	const uint64_t since_ns = sum->youngest_ns[REFERENCES_LEAST - 1];

	row->references = sum->share;
	if (row_is_lost(row)) {
		row->cautions &= ~(unsigned)(CAUTION_YOUNG | CAUTION_DYING);
		if (since_ns && since_ns + row->evidence.plateau_age_ns > looked_ns)
			row->cautions &= ~(unsigned)CAUTION_VEILED;
	}
	if (row->verdict == LEAK_LEAK && row_is_kept(row))
		row->cautions |= CAUTION_REFERENCED;
}

struct reference_sum *references_by_group(const struct series *series, const uint32_t *groups, uint32_t count)
{
	const struct profile *looked = series->referenced, *reference = series->reference;

	if (!looked)
		return NULL;
	struct reference_sum *sums = memory_allocate(count + 1u, sizeof *sums);
	struct map *group_of = map_create();
	for (uint32_t i = 0; i < reference->site_count; i++) {
		bool is_new;
		*map_put(group_of, reference->sites[i].key, &is_new) = groups[i];
	}
	for (uint32_t i = 0; i < looked->sample_count; i++) {
		const struct profile_sample *sample = &profile_samples(looked)[i];
		const uint64_t *group = map_get(group_of, looked->sites[sample->site].key);
		const uint32_t state = reference_state(looked, sample->address);
		if (state && group && *group < count)
			reference_sum_add(&sums[*group], sample, state != SEEP_REFERENCE_LIVE);
	}
	map_free(group_of);
	return sums;
}
