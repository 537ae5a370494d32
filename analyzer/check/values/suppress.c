/* SPDX-License-Identifier: Apache-2.0 */
#include "check/values/suppress.h"

#include <stdlib.h>

#include "base/memory.h"

/* A table of groups with all profiles that are in it, and the groups of their sites. */
struct grouped {
	const struct group_table *table;
	struct profile *const *profiles;
	uint32_t **groups;
	size_t count;
};

/* By group: how many of its sites lie below such calls, or do not. */
static uint32_t *sites_count(const struct grouped *grouped, const struct call_pattern *calls, bool below)
{
	uint32_t *counts = memory_allocate(grouped->table->count + 1u, sizeof *counts);

	for (size_t p = 0; p < grouped->count; p++) {
		bool *found = calls_find(grouped->profiles[p], calls);
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
	uint32_t *outside = suppression->module ? NULL : sites_count(grouped, &suppression->calls, false);

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

/* The groups of the reference's sites, as leaks have them. */
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
	uint32_t *counts = sites_count(&(struct grouped){&leaks->groups, profiles, &groups, 1}, calls, true);
	bool *below = memory_allocate(leaks->groups.count + 1u, sizeof *below);

	for (uint32_t i = 0; i < leaks->groups.count; i++)
		below[i] = counts[i] > 0;
	free(counts);
	free(groups);
	return below;
}
