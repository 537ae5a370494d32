/* SPDX-License-Identifier: Apache-2.0 */
/* Walks every stack from its place outwards. The calls between place and allocation belong to a library, a wrapper or a
 * container, and explain nothing. */
#include "compare/spread_sets.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define KNOWN_AS_NONE SPREAD_KNOWN_AS_NONE

/* One of the sets that a site is in. */
struct membership {
	uint64_t key;
	enum spread_level level;
	/* the function's call, whose line'th line it is; NULL at other levels */
	const struct profile_location *location;
	uint32_t line, module, depth;
	const char *label;
};

/* A walk over all sets of a site: the functions from the place outwards, which functions_make() takes; then the place's
 * module, the label, the program. */
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

/* Makes the sets of functions from here outwards. Outwards of a call that another stack came by, all are there. */
static void functions_make(struct membership_walk *walk, bool *seen)
{
	const struct profile *profile = walk->sets->profile;

	for (; frame_walk_has(walk->at); walk->at = frame_walk_next(profile, walk->at)) {
		if (walk->at.line == 0 && seen[walk->at.node])
			return;
		seen[walk->at.node] |= walk->at.line == 0;
		function_set(walk->sets, frame_walk_location(profile, walk->at), walk->at.line, walk->depth++, true);
	}
}

/* The next set above functions; false: there are no more. `*set` is NUMBERING_NONE for a set that nobody made. */
static bool walk_next(struct membership_walk *walk, uint32_t *set)
{
	struct membership wanted;

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
	struct membership_walk walk = {
	    .sets = sets,
	    .at = sets->places[site],
	    .label = sets->has_labels ? profile_site_label(sets->profile, &sets->profile->sites[site]) : NULL,
	    .next = SPREAD_MODULE,
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

/* Makes the sets of all elements, in the order in which their stacks meet them, and fills those above functions. */
static void sets_make(struct spread_sets *sets, const uint32_t *sites)
{
	bool *seen = memory_allocate(sets->profile->node_count + 1u, sizeof *seen);

	for (uint32_t element = 0; element < sets->hierarchy.element_count; element++) {
		struct membership_walk walk = walk_begin(sets, sites[element], true);
		functions_make(&walk, seen);
		for (uint32_t set; walk_next(&walk, &set);) {
			sets->sets[set].size++;
			sets->sets[set].content += spread_content(element);
		}
	}
	free(seen);
}

/* Another address of a function that has a set is in it, too. */
static void other_addresses_find(struct spread_sets *sets)
{
	const struct profile *profile = sets->profile;

	for (uint32_t i = 0; i < profile->location_count; i++) {
		const struct profile_location *location = &profile->locations[i];
		for (uint32_t line = 0; !location->labelled && line < location->line_count; line++)
			function_set(sets, location, line, 0, false);
	}
}

/* Where a set's next element belongs, and the one that was added last, + 1. */
struct filling {
	size_t next;
	uint32_t last;
};

static void filling_add(struct filling *filling, uint32_t *elements, uint32_t element)
{
	if (filling->last == element + 1) /* a function that calls itself */
		return;
	filling->last = element + 1;
	elements[filling->next++] = element;
}

/* Gives the sets their elements. */
static void hierarchy_fill(struct spread_sets *sets, const uint32_t *sites)
{
	const size_t set_count = sets->hierarchy.set_count;
	size_t *begin = memory_allocate(set_count + 1, sizeof *begin);
	struct filling *fillings = memory_allocate(set_count + 1, sizeof *fillings);

	for (size_t set = 0; set < set_count; set++) {
		fillings[set].next = begin[set];
		begin[set + 1] = begin[set] + (spread_is_worth_filling(&sets->sets[set]) ? sets->sets[set].size : 0);
	}
	uint32_t *elements = memory_allocate(begin[set_count] + 1, sizeof *elements);
	for (uint32_t element = 0; element < sets->hierarchy.element_count; element++) {
		struct membership_walk walk = walk_begin(sets, sites[element], false);
		for (uint32_t at = spread_step(sets, sites[element]); at; at = sets->steps[at].outer)
			filling_add(&fillings[sets->steps[at].set], elements, element);
		for (uint32_t set; walk_next(&walk, &set);)
			if (set != NUMBERING_NONE && spread_is_worth_filling(&sets->sets[set]))
				filling_add(&fillings[set], elements, element);
	}
	free(fillings);
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
	for (uint32_t i = 0; i < profile->site_count; i++)
		sets->has_labels |= profile->sites[i].label != 0;
	known_prepare(sets);
	lone_functions_rule_out(sets, sites);
	sets_make(sets, sites);
	other_addresses_find(sets);
	spread_steps_make(sets);
	spread_steps_sum(sets, sites);
	sets_name(sets);
	spread_steps_shorten(sets);
	hierarchy_fill(sets, sites);
}

void spread_sets_free(struct spread_sets *sets)
{
	free((void *)sets->hierarchy.begin);
	free((void *)sets->hierarchy.elements);
	free(sets->sets);
	free(sets->first_known);
	free(sets->known);
	free(sets->steps);
	free(sets->step_of);
	numbering_free(&sets->by_key);
	*sets = (struct spread_sets){0};
}

static uint32_t lesser_rank(uint32_t a, uint32_t b)
{
	return a && (!b || a < b) ? a : b;
}

uint32_t spread_sets_rank(struct spread_sets *sets, uint32_t site, const uint32_t *rank)
{
	struct membership_walk walk = walk_begin(sets, site, false);
	uint32_t least = 0;

	for (uint32_t at = spread_step(sets, site); at; at = sets->steps[at].outer)
		least = lesser_rank(rank[sets->steps[at].set], least);
	for (uint32_t set; walk_next(&walk, &set);)
		least = set != NUMBERING_NONE ? lesser_rank(rank[set], least) : least;
	return least;
}
