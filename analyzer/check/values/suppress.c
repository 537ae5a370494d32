/* SPDX-License-Identifier: Apache-2.0 */
#include "check/values/suppress.h"

#include <stdlib.h>

#include "base/memory.h"
#include "check/file/lsan.h"

/* A table of groups, the profiles in it, and the groups of their sites. */
struct grouped {
	const struct group_table *table;
	struct profile *const *profiles;
	uint32_t **groups;
	size_t count;
};

static bool location_fits(const struct profile *profile, const struct profile_location *location, const char *leak)
{
	bool fits = lsan_matches(leak, profile->modules[location->module].path);

	for (uint32_t i = 0; i < location->line_count && !location->labelled && !fits; i++)
		fits = lsan_matches(leak, location->lines[i].function) ||
		       (location->lines[i].file && lsan_matches(leak, location->lines[i].file));
	return fits;
}

/* For each site, whether any call of its stack fits. */
static bool *leak_find(const struct profile *profile, const char *leak)
{
	uint8_t *location_is = memory_allocate(profile->location_count + 1u, 1); /* 1: it does not fit, 2: it does */
	bool *node_is = memory_allocate(profile->node_count + 1u, sizeof *node_is);
	bool *found = memory_allocate(profile->site_count + 1u, sizeof *found);

	for (uint32_t i = 1; i < profile->node_count; i++) {
		const uint32_t location = profile->nodes[i].location;
		if (!location_is[location])
			location_is[location] =
			    (uint8_t)(1 + location_fits(profile, &profile->locations[location], leak));
		node_is[i] = node_is[profile->nodes[i].parent] || location_is[location] == 2;
	}
	for (uint32_t i = 0; i < profile->site_count; i++)
		found[i] = node_is[profile->sites[i].node];
	free(node_is);
	free(location_is);
	return found;
}

/* For each group, how many of its sites lie below such calls, or do not. `leak`: NULL, or the pattern to look for
 * instead. */
static uint32_t *sites_count(const struct grouped *grouped, const struct call_pattern *calls, const char *leak,
			     bool below)
{
	uint32_t *counts = memory_allocate(grouped->table->count + 1u, sizeof *counts);

	for (size_t p = 0; p < grouped->count; p++) {
		bool *found = leak ? leak_find(grouped->profiles[p], leak) : calls_find(grouped->profiles[p], calls);
		for (uint32_t i = 0; i < grouped->profiles[p]->site_count; i++)
			if (grouped->groups[p][i] != NUMBERING_NONE)
				counts[grouped->groups[p][i]] += found[i] == below;
		free(found);
	}
	return counts;
}

static void suppression_apply(bool *suppressed, const struct grouped *grouped, const struct suppression *suppression)
{
	const struct group_table *table = grouped->table;
	uint32_t *outside =
	    suppression->module ? NULL : sites_count(grouped, &suppression->calls, suppression->leak, false);

	for (uint32_t i = 0; i < table->count; i++)
		suppressed[i] |= outside ? outside[i] == 0 : group_is_of_module(&table->groups[i], suppression->module);
	free(outside);
}

static bool *suppressed_of(const struct budgets *budgets, const struct grouped *grouped)
{
	bool *suppressed = NULL;

	for (size_t i = 0; i < budgets->suppression_count; i++) {
		if (budgets->suppressions[i].has_expired)
			continue;
		if (!suppressed)
			suppressed = memory_allocate(grouped->table->count + 1u, sizeof *suppressed);
		suppression_apply(suppressed, grouped, &budgets->suppressions[i]);
	}
	return suppressed;
}

bool *suppressed_groups(const struct budgets *budgets, struct sites *sites, enum group_by by)
{
	const struct group_table *table = sites_table(sites, by);

	return suppressed_of(budgets, &(struct grouped){table, sites->profiles, sites->groups[by], sites->count});
}

bool *suppressed_sites(const struct budgets *budgets, struct sites *sites, size_t profile)
{
	const struct profile *of = sites->profiles[profile];
	bool *suppressed = memory_allocate(of->site_count + 1u, sizeof *suppressed);

	for (size_t i = 0; i < budgets->suppression_count; i++) {
		const struct suppression *suppression = &budgets->suppressions[i];
		const struct budget named = {.scope = suppression->module ? SCOPE_MODULE : SCOPE_CALLS,
					     .module = suppression->module,
					     .calls = suppression->calls};
		uint32_t *cells = suppression->leak ? NULL : sites_cells(sites, &named, profile);
		bool *found = suppression->leak ? leak_find(of, suppression->leak) : NULL;
		for (uint32_t k = 0; k < of->site_count && !suppression->has_expired; k++)
			suppressed[k] |= found ? found[k] : cells[k] != CELL_NONE;
		free(found);
		free(cells);
	}
	return suppressed;
}

/* The groups of the reference's sites, as struct leaks has them. */
static uint32_t *leak_groups(const struct leaks *leaks)
{
	const struct profile *reference = leaks->reference;
	uint32_t *groups = memory_allocate(reference->site_count + 1u, sizeof *groups);

	for (uint32_t i = 0; i < reference->site_count; i++)
		groups[i] = group_table_of_stack(&leaks->groups, reference->sites[i].key);
	return groups;
}

bool *suppressed_leaks(const struct budgets *budgets, const struct leaks *leaks)
{
	uint32_t *groups = leak_groups(leaks);
	struct profile *profiles[] = {(struct profile *)leaks->reference};
	bool *suppressed = suppressed_of(budgets, &(struct grouped){&leaks->groups, profiles, &groups, 1});

	free(groups);
	return suppressed;
}

bool *leaks_below(const struct leaks *leaks, const struct call_pattern *calls)
{
	uint32_t *groups = leak_groups(leaks);
	struct profile *profiles[] = {(struct profile *)leaks->reference};
	uint32_t *counts = sites_count(&(struct grouped){&leaks->groups, profiles, &groups, 1}, calls, NULL, true);
	bool *below = memory_allocate(leaks->groups.count + 1u, sizeof *below);

	for (uint32_t i = 0; i < leaks->groups.count; i++)
		below[i] = counts[i] > 0;
	free(counts);
	free(groups);
	return below;
}
