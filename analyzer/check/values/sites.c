/* SPDX-License-Identifier: Apache-2.0 */
#include "check/values/sites.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/demangled.h"
#include "base/memory.h"
#include "files/path.h"

void sites_init(struct sites *sites, struct profile *const *profiles, size_t count)
{
	*sites = (struct sites){.profiles = profiles, .count = count};
}

void sites_free(struct sites *sites)
{
	for (int by = 0; by < GROUP_BY_COUNT; by++) {
		if (!sites->groups[by])
			continue;
		for (size_t i = 0; i < sites->count; i++)
			free(sites->groups[by][i]);
		free(sites->groups[by]);
		group_table_free(&sites->tables[by]);
	}
	*sites = (struct sites){0};
}

const struct group_table *sites_table(struct sites *sites, enum group_by by)
{
	if (sites->groups[by])
		return &sites->tables[by];
	group_table_init(&sites->tables[by], by);
	sites->groups[by] = memory_allocate(sites->count + 1, sizeof *sites->groups[by]);
	for (size_t i = 1; i < sites->count; i++)
		rebuilt_add(&sites->tables[by].rebuilt, sites->profiles[0], sites->profiles[i]);
	for (size_t i = 0; i < sites->count; i++)
		sites->groups[by][i] = group_table_add(&sites->tables[by], sites->profiles[i]);
	return &sites->tables[by];
}

const uint32_t *sites_groups(struct sites *sites, enum group_by by, size_t profile)
{
	sites_table(sites, by);
	return sites->groups[by][profile];
}

uint32_t sites_cell_count(struct sites *sites, const struct budget *budget)
{
	return budget->scope == SCOPE_EACH ? sites_table(sites, budget->each)->count : 1;
}

bool group_is_of_module(const struct group *group, const char *pattern)
{
	const struct profile_location *location = group_location(group);

	return location && location->module &&
	       fnmatch(pattern, path_base_name(group->profile->modules[location->module].path), 0) == 0;
}

/* Whether the pattern fits the whole name, or the name without its return type and parameters. */
static bool name_fits(const char *pattern, const char *name)
{
	const char *begin = name_behind_type(name);
	struct name_token token = {.end = begin};
	struct buffer bare = {0};

	if (fnmatch(pattern, name, 0) == 0)
		return true;
	while (name_token_next(&token) && !name_token_is_parameters(begin, &token))
		continue;
	if (begin == name && !*token.at)
		return false;
	buffer_append(&bare, begin, (size_t)(token.at - begin));
	const bool fits = fnmatch(pattern, bare.data, 0) == 0;
	buffer_free(&bare);
	return fits;
}

/*
 * Patterns are matched from the root of a stack inwards, the last one first. Each takes the outermost call that it
 * fits, which leaves most calls for the others. So the number of matched patterns at a node follows from that at its
 * caller, and one look at every node of the tree is enough. `steps` keeps what a location does to a number of matched
 * patterns.
 */
struct matcher {
	const struct profile *profile;
	const struct call_pattern *calls;
	/* by location and number of patterns matched before it: 1 + the number after it; 0: not known yet */
	uint8_t *steps;
};

static uint8_t matcher_step(struct matcher *matcher, uint32_t location_index, uint8_t matched)
{
	const struct call_pattern *calls = matcher->calls;
	const struct profile_location *location = &matcher->profile->locations[location_index];
	uint8_t *step = &matcher->steps[(size_t)location_index * calls->count + matched];

	if (*step)
		return *step - 1;
	uint8_t after = matched;
	/* If only the address of a location is known, no name can fit. */
	for (uint32_t line = location->labelled ? 0 : location->line_count; line-- > 0 && after < calls->count;)
		after += name_fits(calls->names[calls->count - 1 - after], location->lines[line].function);
	*step = (uint8_t)(after + 1);
	return after;
}

bool *calls_find(const struct profile *profile, const struct call_pattern *calls)
{
	struct matcher matcher = {profile, calls,
				  memory_allocate((size_t)profile->location_count * calls->count + 1, 1)};
	uint8_t *matched = memory_allocate(profile->node_count + 1u, sizeof *matched);
	bool *found = memory_allocate(profile->site_count + 1u, sizeof *found);

	for (uint32_t i = 1; i < profile->node_count; i++) {
		const uint8_t before = matched[profile->nodes[i].parent];
		matched[i] =
		    before < calls->count ? matcher_step(&matcher, profile->nodes[i].location, before) : before;
	}
	for (uint32_t i = 0; i < profile->site_count; i++)
		found[i] = profile->sites[i].node && matched[profile->sites[i].node] == calls->count;
	free(matched);
	free(matcher.steps);
	return found;
}

static void cells_of_calls(uint32_t *cells, const struct profile *profile, const struct call_pattern *calls)
{
	bool *found = calls_find(profile, calls);

	for (uint32_t i = 0; i < profile->site_count; i++)
		cells[i] = found[i] ? 0 : CELL_NONE;
	free(found);
}

static void cells_of_module(uint32_t *cells, struct sites *sites, const char *pattern, size_t profile)
{
	const struct group_table *table = sites_table(sites, GROUP_BY_MODULE);
	const uint32_t *groups = sites_groups(sites, GROUP_BY_MODULE, profile);

	for (uint32_t i = 0; i < sites->profiles[profile]->site_count; i++)
		cells[i] = group_is_of_module(&table->groups[groups[i]], pattern) ? 0 : CELL_NONE;
}

uint32_t *sites_cells(struct sites *sites, const struct budget *budget, size_t profile)
{
	const uint32_t count = sites->profiles[profile]->site_count;
	uint32_t *cells = memory_allocate(count + 1u, sizeof *cells);

	if (budget->scope == SCOPE_CALLS)
		cells_of_calls(cells, sites->profiles[profile], &budget->calls);
	else if (budget->scope == SCOPE_MODULE)
		cells_of_module(cells, sites, budget->module, profile);
	else if (budget->scope == SCOPE_EACH)
		memcpy(cells, sites_groups(sites, budget->each, profile), count * sizeof *cells);
	return cells;
}
