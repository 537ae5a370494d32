/* SPDX-License-Identifier: Apache-2.0 */
/* Groups of sites. Their identity is a hash of texts, since indices and pointers mean nothing across profiles. */
#include "compare/group.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "files/path.h"
#include "place/place_lines.h"

const char *const group_by_names[] = {"stack", "place", "function", "line", "module", "label", NULL};

const char *group_by_name(enum group_by by)
{
	return group_by_names[by];
}

void group_table_init(struct group_table *table, enum group_by by)
{
	*table = (struct group_table){.by = by, .lines = place_lines_create()};
}

void group_table_free(struct group_table *table)
{
	rebuilt_free(&table->rebuilt);
	numbering_free(&table->by_key);
	numbering_free(&table->stacks);
	free(table->stack_groups);
	place_lines_free(table->lines);
	free(table->groups);
	free(table->places);
	*table = (struct group_table){0};
}

const struct profile_location *group_location(const struct group *group)
{
	return frame_walk_has(group->place) ? frame_walk_location(group->profile, group->place) : NULL;
}

const struct source_line *group_line(const struct group *group)
{
	const struct profile_location *location = group_location(group);

	return location && location->line_count ? &profile_lines(group->profile, location)[group->place.line] : NULL;
}

const char *group_stand_in(const struct group *group)
{
	return group->label ? group->label : profile_site_stand_in(&group->profile->sites[group->site]);
}

/* Hashes the final NUL, too, so that "ab","c" differs from "a","bc". */
static uint64_t hash_text(uint64_t seed, const char *text)
{
	return hash_bytes(seed, text, strlen(text) + 1);
}

/* The name of code made at run time, without the mark of how well it was compiled ("LazyCompile:~f", "...:*f"); or, if
 * it has no name, that it is such code. */
static uint64_t made_code_key(uint64_t seed, const char *name)
{
	const char *mark = strchr(name, ':');

	if (strncmp(name, "0x", 2) == 0)
		return hash_text(seed, "made code");
	if (!mark || !mark[1] || !strchr("~*^+", mark[1]))
		return hash_text(seed, name);
	return hash_text(hash_bytes(seed, name, (size_t)(mark - name)), mark + 2);
}

static bool is_made_code(const struct profile_location *location)
{
	return location->module == 0 && !location->given && location->line_count;
}

static uint64_t function_key(uint64_t seed, const struct group *group)
{
	const struct profile_location *location = group_location(group);
	const char *module = path_base_name(group->profile->modules[location->module].path);
	char label[PROFILE_LABEL_ROOM];

	if (location->labelled)
		return hash_text(hash_bytes(seed, label, profile_label_write(group->profile, location, label) + 1),
				 module);
	const struct source_line *line = group_line(group);
	if (is_made_code(location))
		return made_code_key(seed, line->function);
	return hash_text(hash_text(seed, line->function), line->file ? line->file : module);
}

/* The line, file and number that identify the group. A label has neither; this is not for labels. */
static struct source_line group_place(const struct group *group)
{
	const struct profile_location *location = group_location(group);

	return location && location->line_count && !location->labelled ? *group_line(group) : (struct source_line){0};
}

/* Whether even the function has no name: a label or a number stands for the call. */
static bool is_nameless(const struct group *group, const struct profile_location *location)
{
	return location->labelled
		   ? !profile_location_is_named(group->profile, location)
		   : !profile_line_is_named(&group->profile->modules[location->module], group_line(group));
}

/* The places of all sites, by index; the leaf if a site has no stack. */
static struct frame_walk *places_find(const struct profile *profile)
{
	struct frame_walk *places = memory_allocate(profile->site_count + 1u, sizeof *places);
	struct wrappers *wrappers = wrappers_find(profile, profile->wrappers, profile->wrapper_count);

	for (uint32_t i = 0; i < profile->site_count; i++)
		place_find(profile, wrappers, &profile->sites[i], &places[i]);
	wrappers_free(wrappers);
	return places;
}

/* The seed itself where the site has no label. */
static uint64_t hash_label(uint64_t seed, const struct profile *profile, const struct profile_site *site)
{
	const char *label = profile_site_label(profile, site);

	return label ? hash_text(seed, label) : seed;
}

/* Code that is made at run time gets another address each time. So it counts by its name, and a run of such calls
 * without names counts as one. */
static uint64_t stack_key(const struct profile *profile, const struct profile_site *site)
{
	uint64_t key = GROUP_BY_STACK + 1;
	bool has_made = false, was_nameless = false;

	for (uint32_t node = site->node; node; node = profile->nodes[node].parent) {
		const struct profile_location *location = &profile->locations[profile->nodes[node].location];
		const bool is_made = is_made_code(location);
		const bool is_nameless = is_made && strncmp(location->lines[0].function, "0x", 2) == 0;
		has_made |= is_made;
		if (is_made && !(is_nameless && was_nameless))
			key = made_code_key(key, location->lines[0].function);
		else if (!is_made)
			key = hash_bytes(hash_text(key, path_base_name(profile->modules[location->module].path)),
					 &location->address, sizeof location->address);
		was_nameless = is_nameless;
	}
	return has_made ? hash_bytes(hash_label(key, profile, site), &site->truncated, sizeof site->truncated)
			: site->key;
}

static uint64_t group_key(const struct group_table *table, const struct group *group)
{
	const struct profile_site *site = &group->profile->sites[group->site];
	const struct profile_location *location = group_location(group);
	const struct source_line line = group_place(group);
	const uint64_t seed = (uint64_t)table->by + 1;
	uint64_t stable = 0;

	if (site->retired)
		return site->key;
	if (table->by == GROUP_BY_LABEL)
		return hash_label(seed, group->profile, site);
	if (table->by == GROUP_BY_STACK && rebuilt_any(&table->rebuilt) &&
	    stack_stable_key(&table->rebuilt, group->profile, frame_walk_leaf(site), &stable))
		return hash_label(stable, group->profile, site);
	if (table->by == GROUP_BY_STACK)
		return stack_key(group->profile, site);
	if (!location || !location->line_count)
		return seed; /* all sites without a stack are one group */
	const char *module = path_base_name(group->profile->modules[location->module].path);
	if (table->by == GROUP_BY_MODULE)
		return hash_text(seed, module);
	if (table->by == GROUP_BY_LINE && line.file && line.line)
		return hash_bytes(hash_text(seed, line.file), &line.line, sizeof line.line);
	/* In another build of the module, its lines and addresses differ. */
	if (table->by != GROUP_BY_LINE && rebuilt_has(&table->rebuilt, group->profile, location))
		return call_stable_key(&table->rebuilt, group->profile, group->place);
	const uint64_t function = function_key(seed, group);
	if (table->by != GROUP_BY_FUNCTION && !line.line && location->address && location->module &&
	    is_nameless(group, location))
		return hash_bytes(function, &location->address, sizeof location->address);
	if (table->by != GROUP_BY_PLACE || !line.line)
		return function;
	const uint32_t first = place_lines_first(table->lines, (struct place_line){function, line.line});
	return hash_bytes(function, &first, sizeof first);
}

/* Learns from all sites of a profile which lines lie close together. */
static void lines_learn(struct group_table *table, const struct profile *profile, const struct frame_walk *places)
{
	struct place_line *array = memory_allocate(profile->site_count + 1u, sizeof *array);
	size_t count = 0;

	for (uint32_t i = 0; i < profile->site_count; i++) {
		const struct group group = {.profile = profile, .site = i, .place = places[i]};
		const uint32_t line = group_place(&group).line;
		if (line)
			array[count++] = (struct place_line){function_key(GROUP_BY_PLACE + 1, &group), line};
	}
	place_lines_add(table->lines, array, count);
	free(array);
}

static void group_widen(struct group *group, uint32_t line)
{
	if (!line)
		return;
	if (!group->first_line || line < group->first_line)
		group->first_line = line;
	if (line > group->last_line)
		group->last_line = line;
}

/* How many of the first `most` calls outwards from two groups' places are the same source lines. */
static uint32_t callers_shared(const struct group *a, const struct group *b, uint32_t most)
{
	struct frame_walk at_a = a->place, at_b = b->place;

	for (uint32_t shared = 0; shared < most && frame_walk_has(at_a) && frame_walk_has(at_b); shared++) {
		at_a = frame_walk_next(a->profile, at_a);
		at_b = frame_walk_next(b->profile, at_b);
		if (!frame_walk_has(at_a) || !frame_walk_has(at_b))
			return shared;
		if (at_a.line == at_b.line &&
		    frame_walk_location(a->profile, at_a) == frame_walk_location(b->profile, at_b))
			continue;
		const struct source_line *line_a = frame_walk_line(a->profile, at_a);
		const struct source_line *line_b = frame_walk_line(b->profile, at_b);
		if (strcmp(line_a->function, line_b->function) != 0 || line_a->line != line_b->line)
			return shared;
	}
	return most;
}

/* Another build's stacks and lines are not those that are shown; in a sum, both builds are in one profile. */
static bool is_of_other_build(const struct group_table *table, const struct group *shown, const struct group *found)
{
	if (!rebuilt_any(&table->rebuilt))
		return false;
	if (found->profile != shown->profile)
		return true;
	const struct profile_location *of_shown = group_location(shown), *of_found = group_location(found);
	return of_shown && of_found && of_shown->module != of_found->module &&
	       rebuilt_has(&table->rebuilt, found->profile, of_found);
}

/* The group's index; makes the group if it is not there yet. */
static uint32_t group_find(struct group_table *table, const struct group *found)
{
	bool is_new = false;
	const uint32_t index = numbering_put(&table->by_key, found->key, &is_new);
	if (is_new) {
		ARRAY_RESERVE(table->groups, table->count, table->capacity);
		table->groups[table->count] = *found;
		table->groups[table->count].was = call_former_name(&table->rebuilt, found->profile, found->place);
		table->groups[table->count++].shared_callers = GROUP_CALLERS_MOST;
	}
	struct group *group = &table->groups[index];
	if (is_of_other_build(table, group, found))
		return index;
	group->site_count++;
	if (table->by == GROUP_BY_PLACE && !is_new)
		group->shared_callers = callers_shared(group, found, group->shared_callers);
	return index;
}

/* Where a stack's group is stored. A stack stays in its group, even if another profile shows other wrappers. */
static uint32_t *stack_group(struct group_table *table, uint64_t key, bool *is_new)
{
	const uint32_t stack = numbering_put(&table->stacks, key, is_new);

	if (*is_new && stack >= table->stack_capacity) {
		table->stack_capacity = table->stacks.capacity;
		table->stack_groups = memory_resize(table->stack_groups, table->stack_capacity, sizeof(uint32_t));
	}
	return &table->stack_groups[stack];
}

/* Sites whose keys are made together, so that their places in the table can be prefetched. */
enum { GROUPS_AT_ONCE = 32 };

/* The sums of sites that were given up have no label, and are a group of their own. */
static void label_fill(struct group *group)
{
	const struct profile_site *site = &group->profile->sites[group->site];
	const char *label = profile_site_label(group->profile, site);

	group->place = (struct frame_walk){0};
	if (!site->retired)
		group->label = label ? label : "[no label]";
}

static void wanted_fill(const struct group_table *table, struct group *wanted, const struct profile *profile,
			const struct frame_walk *places, uint32_t first, bool keep_stacks)
{
	const uint32_t left = profile->site_count - first, count = left < GROUPS_AT_ONCE ? left : GROUPS_AT_ONCE;

	for (uint32_t k = 0; k < count && keep_stacks; k++)
		numbering_prefetch(&table->stacks, profile->sites[first + k].key);
	for (uint32_t k = 0; k < count; k++) {
		wanted[k] = (struct group){.profile = profile, .site = first + k, .place = places[first + k]};
		if (table->by == GROUP_BY_LABEL)
			label_fill(&wanted[k]);
		if (keep_stacks && numbering_get(&table->stacks, profile->sites[first + k].key) != NUMBERING_NONE)
			continue;
		wanted[k].key = group_key(table, &wanted[k]);
		numbering_prefetch(&table->by_key, wanted[k].key);
	}
}

/* Finds the groups of all sites if their stacks were added before, as those of an earlier moment are: mostly in the same
 * order. */
static bool stacks_are_known(const struct group_table *table, const struct profile *profile, uint32_t *groups)
{
	uint32_t stack = 0;
	bool known = table->stacks.count > 0;

	for (uint32_t i = 0; i < profile->site_count && known; i++) {
		stack = numbering_get_near(&table->stacks, profile->sites[i].key, stack);
		known = stack != NUMBERING_NONE;
		groups[i] = known ? table->stack_groups[stack++] : 0;
	}
	return known;
}

static uint32_t *sites_add(struct group_table *table, const struct profile *profile, bool keep_stacks)
{
	struct group wanted[GROUPS_AT_ONCE];
	uint32_t *groups = memory_allocate(profile->site_count + 1u, sizeof *groups);

	if (stacks_are_known(table, profile, groups))
		return groups;
	rebuilt_add_within(&table->rebuilt, profile);
	struct frame_walk *places = places_find(profile);

	if (keep_stacks)
		numbering_reserve(&table->stacks, profile->site_count);
	if (table->by == GROUP_BY_PLACE)
		lines_learn(table, profile, places);
	numbering_reserve(&table->by_key, profile->site_count);
	for (uint32_t i = 0; i < profile->site_count; i++) {
		if (i % GROUPS_AT_ONCE == 0)
			wanted_fill(table, wanted, profile, places, i, keep_stacks);
		const struct group *found = &wanted[i % GROUPS_AT_ONCE];
		bool is_new = true;
		uint32_t *group = keep_stacks ? stack_group(table, profile->sites[i].key, &is_new) : NULL;
		groups[i] = is_new ? group_find(table, found) : *group;
		if (group)
			*group = groups[i];
		if (!is_of_other_build(table, &table->groups[groups[i]], found))
			group_widen(&table->groups[groups[i]], group_place(found).line);
	}
	if (table->places)
		free(places);
	else
		table->places = places;
	return groups;
}

uint32_t *group_table_add(struct group_table *table, const struct profile *profile)
{
	return sites_add(table, profile, true);
}

uint32_t *group_table_add_only(struct group_table *table, const struct profile *profile)
{
	return sites_add(table, profile, false);
}

struct group_sites group_sites_sort(const struct profile *profile, const uint32_t *groups, uint32_t count)
{
	struct group_sites sorted = {.profile = profile,
				     .count = count,
				     .begin = memory_allocate((size_t)count + 2, sizeof *sorted.begin),
				     .sites = memory_allocate(profile->site_count + 1u, sizeof *sorted.sites)};

	for (uint32_t i = 0; i < profile->site_count; i++)
		sorted.begin[groups[i] + 2]++;
	for (uint32_t i = 0; i < count; i++)
		sorted.begin[i + 2] += sorted.begin[i + 1];
	for (uint32_t i = 0; i < profile->site_count; i++)
		sorted.sites[sorted.begin[groups[i] + 1]++] = i;
	return sorted;
}

void group_sites_free(struct group_sites *sites)
{
	free(sites->begin);
	free(sites->sites);
	*sites = (struct group_sites){0};
}
