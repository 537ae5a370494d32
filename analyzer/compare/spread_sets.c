/* SPDX-License-Identifier: Apache-2.0 */
/* Walks every stack from its place outwards. The calls between place and allocation belong to a library, a wrapper or a
 * container, and explain nothing. */
#include "compare/spread_sets.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define KNOWN_AS_NONE UINT32_MAX

/* One of the sets that a site is in. */
struct membership {
	uint64_t key;
	enum spread_level level;
	/* the function's call, whose line'th line it is; NULL at other levels */
	const struct profile_location *location;
	uint32_t line, module, depth;
	const char *label;
};

/* A walk over all sets of a site: the functions from the place outwards, the place's module, the
 * label, the program. */
struct membership_walk {
	struct spread_sets *sets;
	struct frame_walk at;
	uint32_t place_module, depth;
	const char *label; /* NULL: it has none */
	enum spread_level next;
	bool makes; /* makes sets that do not exist yet */
};

static uint64_t function_key(const struct profile_location *location, uint32_t number)
{
	/* Texts of one profile are in one pool, so equal texts have equal addresses. No two locations have the same
	 * label. */
	const struct source_line *line = location->labelled ? NULL : &location->lines[number];
	const uint64_t parts[] = {line ? (uintptr_t)line->function : (uintptr_t)location,
				  line ? (uintptr_t)line->file : 0, location->module};

	return hash_bytes(SPREAD_FUNCTION, parts, sizeof parts);
}

/* NUMBERING_NONE: there is no such set. */
static uint32_t set_find(struct spread_sets *sets, const struct membership *wanted, bool makes)
{
	bool is_new = false;
	const uint32_t index =
	    makes ? numbering_put(&sets->by_key, wanted->key, &is_new) : numbering_get(&sets->by_key, wanted->key);

	if (is_new) {
		ARRAY_RESERVE(sets->sets, sets->hierarchy.set_count, sets->capacity);
		sets->sets[sets->hierarchy.set_count++] = (struct spread_set){.level = wanted->level,
									      .location = wanted->location,
									      .line = wanted->line,
									      .module = wanted->module,
									      .label = wanted->label,
									      .depth = wanted->depth};
	}
	return index;
}

/* Keeps answers, since stacks meet the same functions again and again. */
static uint32_t function_set(struct spread_sets *sets, const struct profile_location *location, uint32_t line,
			     uint32_t depth, bool makes)
{
	uint32_t *known = &sets->known[sets->first_known[location - sets->profile->locations] + line];

	if (!*known) {
		const uint32_t index = set_find(sets,
						&(struct membership){.key = function_key(location, line),
								     .level = SPREAD_FUNCTION,
								     .location = location,
								     .line = line,
								     .module = location->module,
								     .depth = depth},
						makes);
		*known = index == NUMBERING_NONE ? KNOWN_AS_NONE : index + 1;
	}
	return *known == KNOWN_AS_NONE ? NUMBERING_NONE : *known - 1;
}

/* The set of this level that the site is in; false: none. */
static bool membership_of(const struct membership_walk *walk, enum spread_level level, struct membership *wanted)
{
	*wanted = (struct membership){.key = level, .level = level};
	if (level == SPREAD_MODULE) {
		wanted->module = walk->place_module;
		wanted->key = hash_bytes(level, &walk->place_module, sizeof walk->place_module);
	} else if (level == SPREAD_LABEL && walk->label) {
		wanted->label = walk->label;
		wanted->key = hash_bytes(level, walk->label, strlen(walk->label));
	}
	return level == SPREAD_PROCESS || wanted->module || wanted->label;
}

/* False: there are no more sets. `*set` is NUMBERING_NONE for a set that nobody made. */
static bool walk_next(struct membership_walk *walk, uint32_t *set)
{
	struct membership wanted;

	if (walk->next == SPREAD_FUNCTION && frame_walk_has(walk->at)) {
		const struct profile_location *location = frame_walk_location(walk->sets->profile, walk->at);
		*set = function_set(walk->sets, location, walk->at.line, walk->depth, walk->makes);
		walk->depth++;
		const uint32_t node = walk->at.node;
		walk->at = frame_walk_next(walk->sets->profile, walk->at);
		if (walk->sets->outer && walk->at.node != node)
			walk->at.node = walk->sets->outer[node];
		return true;
	}
	if (walk->next == SPREAD_FUNCTION)
		walk->next = SPREAD_MODULE;
	while (walk->next <= SPREAD_PROCESS && !membership_of(walk, walk->next, &wanted))
		walk->next++;
	if (walk->next > SPREAD_PROCESS)
		return false;
	*set = set_find(walk->sets, &wanted, walk->makes);
	walk->next++;
	return true;
}

static struct membership_walk walk_begin(struct spread_sets *sets, uint32_t site, bool makes)
{
	struct membership_walk walk = {.sets = sets,
				       .at = sets->places[site],
				       .label = profile_site_label(sets->profile, &sets->profile->sites[site]),
				       .makes = makes};

	if (frame_walk_has(walk.at))
		walk.place_module = frame_walk_location(sets->profile, walk.at)->module;
	return walk;
}

/* A set of one element says no more than the element does. In a program without symbols most functions are such sets,
 * so they are found by counting, before anything is stored for them. */
static void lone_functions_rule_out(struct spread_sets *sets, const uint32_t *sites)
{
	const struct profile *profile = sets->profile;
	uint32_t *below = memory_allocate(profile->node_count + 1u, sizeof *below); /* elements by node */
	uint32_t *through = memory_allocate(profile->location_count + 1u, sizeof *through);

	for (size_t i = 0; i < sets->hierarchy.element_count; i++)
		below[sets->places[sites[i]].node]++;
	for (uint32_t node = profile->node_count; node-- > 1;) {
		below[profile->nodes[node].parent] += below[node];
		through[profile->nodes[node].location] += below[node];
	}
	for (uint32_t i = 0; i < profile->location_count; i++)
		if (profile->locations[i].labelled && through[i] < 2)
			sets->known[sets->first_known[i]] = KNOWN_AS_NONE;
	free(below);
	free(through);
}

static void known_prepare(struct spread_sets *sets)
{
	const struct profile *profile = sets->profile;
	size_t lines = 0;

	sets->first_known = memory_allocate(profile->location_count + 1u, sizeof *sets->first_known);
	for (uint32_t i = 0; i < profile->location_count; i++) {
		sets->first_known[i] = (uint32_t)lines;
		lines += profile->locations[i].line_count;
	}
	sets->known = memory_allocate(lines + 1, sizeof *sets->known);
}

static void element_add(struct spread_sets *sets, uint32_t element, uint32_t site)
{
	struct membership_walk walk = walk_begin(sets, site, true);
	const uint64_t content = hash_bytes(0, &element, sizeof element);

	for (uint32_t index; walk_next(&walk, &index);) {
		struct spread_set *set = index == NUMBERING_NONE ? NULL : &sets->sets[index];
		if (!set || set->last == element + 1u) /* skips a function that calls itself */
			continue;
		set->last = element + 1u;
		set->size++;
		set->content += content;
	}
}

/* Whether a test of the set is possible: nobody asks for the elements of other sets. */
static bool is_worth_filling(const struct spread_set *set)
{
	return set->is_named && set->size > 1;
}

/* From now on walks pass over functions whose sets nobody asks for, and over nodes of nothing else: of a chain of calls
 * that all come from one another, a single one is left. */
static void walks_shorten(struct spread_sets *sets)
{
	const struct profile *profile = sets->profile;
	bool *has_set = memory_allocate(profile->location_count + 1u, sizeof *has_set);

	for (uint32_t i = 0; i < profile->location_count; i++) {
		for (uint32_t line = 0; line < profile->locations[i].line_count; line++) {
			const uint32_t set = function_set(sets, &profile->locations[i], line, 0, false);
			if (set != NUMBERING_NONE && is_worth_filling(&sets->sets[set]))
				has_set[i] = true;
			else
				sets->known[sets->first_known[i] + line] = KNOWN_AS_NONE;
		}
	}
	sets->outer = memory_allocate(profile->node_count + 1u, sizeof *sets->outer);
	for (uint32_t node = 1; node < profile->node_count; node++) {
		const uint32_t parent = profile->nodes[node].parent;
		sets->outer[node] = !parent || has_set[profile->nodes[parent].location] ? parent : sets->outer[parent];
	}
	free(has_set);
}

/* Gives the sets their elements. */
static void hierarchy_fill(struct spread_sets *sets, const uint32_t *sites)
{
	const size_t set_count = sets->hierarchy.set_count, count = sets->hierarchy.element_count;
	size_t *begin = memory_allocate(set_count + 2, sizeof *begin);

	for (size_t set = 0; set < set_count; set++) {
		begin[set + 2] = begin[set + 1] + (is_worth_filling(&sets->sets[set]) ? sets->sets[set].size : 0);
		sets->sets[set].last = 0;
	}
	uint32_t *elements = memory_allocate(begin[set_count + 1] + 1, sizeof *elements);
	for (uint32_t element = 0; element < count; element++) {
		struct membership_walk walk = walk_begin(sets, sites[element], false);
		for (uint32_t index; walk_next(&walk, &index);) {
			struct spread_set *set = index == NUMBERING_NONE ? NULL : &sets->sets[index];
			if (!set || !is_worth_filling(set) || set->last == element + 1u)
				continue;
			set->last = element + 1u;
			elements[begin[index + 1]++] = element;
		}
	}
	sets->hierarchy.begin = begin;
	sets->hierarchy.elements = elements;
}

static bool is_better_name(const struct spread_set *a, const struct spread_set *b)
{
	return a->level != b->level ? a->level < b->level : a->depth < b->depth;
}

/* If functions are on the same stacks, the innermost one names their set. If none is, the module or the program
 * does. */
static void sets_name(struct spread_sets *sets)
{
	struct map *by_content = map_create();

	for (size_t i = 0; i < sets->hierarchy.set_count; i++) {
		uint64_t *best = map_put(by_content, sets->sets[i].content ^ sets->sets[i].size, NULL);
		if (*best && !is_better_name(&sets->sets[i], &sets->sets[*best - 1]))
			continue;
		if (*best)
			sets->sets[*best - 1].is_named = false;
		sets->sets[i].is_named = true;
		*best = i + 1;
	}
	map_free(by_content);
}

void spread_sets_build(struct spread_sets *sets, const struct profile *profile, const struct frame_walk *places,
		       const uint32_t *sites, size_t count)
{
	*sets = (struct spread_sets){.profile = profile, .places = places};
	sets->hierarchy.element_count = count;
	known_prepare(sets);
	lone_functions_rule_out(sets, sites);
	for (uint32_t element = 0; element < count; element++)
		element_add(sets, element, sites[element]);
	sets_name(sets);
	walks_shorten(sets);
	hierarchy_fill(sets, sites);
}

void spread_sets_free(struct spread_sets *sets)
{
	free((void *)sets->hierarchy.begin);
	free((void *)sets->hierarchy.elements);
	free(sets->sets);
	free(sets->first_known);
	free(sets->known);
	free(sets->outer);
	numbering_free(&sets->by_key);
	*sets = (struct spread_sets){0};
}

uint32_t spread_sets_rank(struct spread_sets *sets, uint32_t site, const uint32_t *rank)
{
	struct membership_walk walk = walk_begin(sets, site, false);
	uint32_t least = 0;

	for (uint32_t set; walk_next(&walk, &set);) {
		const uint32_t here = set != NUMBERING_NONE ? rank[set] : 0;
		if (here && (!least || here < least))
			least = here;
	}
	return least;
}
