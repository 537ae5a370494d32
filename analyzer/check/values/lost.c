/* SPDX-License-Identifier: Apache-2.0 */
#include "check/values/lost.h"

#include <stdlib.h>

#include "base/memory.h"
#include "check/values/suppress.h"
#include "leaks/referenced.h"
#include "statistics/measure.h"

static int largest_first(const void *left, const void *right)
{
	const struct lost_place *a = left, *b = right;
	const double bytes[] = {sum_estimate(&a->lost.bytes), sum_estimate(&b->lost.bytes)};

	if (bytes[0] != bytes[1])
		return bytes[0] > bytes[1] ? -1 : 1;
	return (a->group > b->group) - (a->group < b->group);
}

/* Adds the lost samples up by group; `cells` says which sites count. */
static void samples_add(struct lost_place *by_group, const struct profile *profile, const uint32_t *groups,
			const uint32_t *cells, const bool *suppressed)
{
	for (uint32_t i = 0; i < profile->sample_count; i++) {
		const struct profile_sample *sample = &profile_samples(profile)[i];
		const uint32_t state = reference_state(profile, sample->address);
		struct seep_measure one = {0};
		if (!state || state == SEEP_REFERENCE_LIVE || cells[sample->site] == CELL_NONE ||
		    suppressed[sample->site])
			continue;
		struct lost_place *place = &by_group[groups[sample->site]];
		measure_add_sample(&one, sample->size, sample->rate);
		measure_add(&place->lost, &one);
		if (state == SEEP_REFERENCE_NOBODY)
			place->blocks_by_nobody += sum_estimate(&one.objects);
	}
}

static bool is_lost(const struct profile *profile, const struct profile_sample *sample)
{
	const uint32_t state = reference_state(profile, sample->address);

	return state && state != SEEP_REFERENCE_LIVE;
}

static bool profile_lost_memory(const struct profile *profile)
{
	bool found = false;

	for (uint32_t i = 0; i < profile->sample_count && !found; i++)
		found = is_lost(profile, &profile_samples(profile)[i]);
	return found;
}

bool lost_needs_names(const struct budgets *budgets, const struct check_runs *runs)
{
	bool needs = runs->count[SIDE_BASE] > 0;

	for (size_t i = 0; i < budgets->count; i++)
		needs |= budgets->items[i].measure != CHECK_LOST;
	for (size_t i = 0; i < runs->profile_count && !needs; i++)
		needs = profile_lost_memory(runs->profiles[i]);
	return needs;
}

void lost_places_find(struct lost_places *places, const struct check_run *run, const struct budget *budget,
		      const struct budgets *budgets, struct sites *sites)
{
	const size_t index = run->moments[MOMENT_LAST];
	const struct profile *profile = sites->profiles[index];

	*places = (struct lost_places){.is_known = profile->memory_known >> SEEP_MEMORY_REFERENCES_TIME & 1};
	if (!places->is_known || !profile_lost_memory(profile))
		return;
	const struct group_table *table = sites_table(sites, GROUP_BY_PLACE);
	const uint32_t *groups = sites_groups(sites, GROUP_BY_PLACE, index);
	uint32_t *cells = sites_cells(sites, budget, index);
	bool *suppressed = suppressed_sites(budgets, sites, index);
	places->items = memory_allocate(table->count + 1u, sizeof *places->items);
	samples_add(places->items, profile, groups, cells, suppressed);
	for (uint32_t i = 0; i < table->count; i++) {
		places->items[i].group = &table->groups[i];
		if (places->items[i].lost.samples)
			places->items[places->count++] = places->items[i];
	}
	qsort(places->items, places->count, sizeof *places->items, largest_first);
	free(suppressed);
	free(cells);
}

void lost_places_free(struct lost_places *places)
{
	free(places->items);
	*places = (struct lost_places){0};
}
