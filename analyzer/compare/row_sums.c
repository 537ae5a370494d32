/* SPDX-License-Identifier: Apache-2.0 */
/* Adds up in the order of the sites, so that a row has the same last digit whenever somebody asks. */
#include "compare/row_sums.h"

#include <stdlib.h>

#include "base/memory.h"
#include "compare/samples.h"
#include "statistics/measure.h"

/* Samples are stored by site. */
static struct compared compared_open(const struct profile *profile, const uint32_t *groups, uint32_t count)
{
	struct compared compared = {.sites = group_sites_sort(profile, groups, count),
				    .first_sample = memory_allocate((size_t)profile->site_count + 1, sizeof(uint32_t))};
	const struct profile_sample *samples = profile_samples(profile);

	for (uint32_t i = 0; i < profile->sample_count; i++)
		compared.first_sample[samples[i].site + 1]++;
	for (uint32_t i = 0; i < profile->site_count; i++)
		compared.first_sample[i + 1] += compared.first_sample[i];
	return compared;
}

static void compared_close(struct compared *compared)
{
	group_sites_free(&compared->sites);
	free(compared->first_sample);
	free(compared->shared);
	*compared = (struct compared){0};
}

void row_sources_open(struct row_sources *sources, const struct profile *before, const struct profile *after,
		      const uint32_t *before_groups, const uint32_t *after_groups, uint32_t count)
{
	*sources = (struct row_sources){.before = compared_open(before, before_groups, count),
					.after = compared_open(after, after_groups, count),
					.same_process = profiles_are_same_process(before, after)};
	if (sources->same_process)
		samples_match(before, after, &sources->before.shared, &sources->after.shared);
}

void row_sources_close(struct row_sources *sources)
{
	compared_close(&sources->before);
	compared_close(&sources->after);
}

/* Adds the samples that the other profile does not have. */
static void samples_add(struct seep_measure *sum, const struct compared *compared, uint32_t site)
{
	const struct profile_sample *samples = compared->sites.profile->samples;

	for (uint32_t i = compared->first_sample[site]; i < compared->first_sample[site + 1]; i++)
		if (!compared->shared || !compared->shared[i])
			measure_add_sample(sum, samples[i].size, samples[i].rate);
}

/* In one process, the later counters include the earlier ones. */
struct row_sums row_sums_of(const struct row_sources *sources, uint32_t group)
{
	const struct group_sites *before = &sources->before.sites, *after = &sources->after.sites;
	const struct group_range earlier = group_sites_of(before, group), later = group_sites_of(after, group);
	struct row_sums sums = {0};

	for (uint32_t i = earlier.begin; i < earlier.end; i++) {
		const uint32_t index = group_sites_at(before, group, i);
		const struct profile_site *site = &before->profile->sites[index];
		measure_add(&sums.before, &site->in_use);
		measure_add(&sums.ever, sources->same_process ? &site->in_use : &site->allocated);
		samples_add(&sums.gone, &sources->before, index);
	}
	for (uint32_t i = later.begin; i < later.end; i++) {
		const uint32_t index = group_sites_at(after, group, i);
		const struct profile_site *site = &after->profile->sites[index];
		measure_add(&sums.after, &site->in_use);
		measure_add(&sums.allocated, &site->allocated);
		measure_add(&sums.ever, &site->allocated);
		samples_add(&sums.fresh, &sources->after, index);
	}
	return sums;
}
