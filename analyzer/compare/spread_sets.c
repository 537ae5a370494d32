/* SPDX-License-Identifier: Apache-2.0 */
/* Walks every stack from its place outwards. The calls below the place belong to a library, a wrapper or a container,
 * and explain nothing. */
#include "compare/spread_sets.h"

#include <stdlib.h>

#include "base/memory.h"

/* One set that a site is in. */
struct membership {
	uint64_t key;
	enum spread_level level;
	const struct profile_location *location; /* of the function, which is its line'th line; else NULL */
	uint32_t line, module, depth;
};

/* A walk over all of them: the functions outwards, the place's module, the program. */
struct membership_walk {
	const struct profile *profile;
	struct frame_walk at;
	uint32_t place_module, depth;
	enum spread_level next;
};

static uint64_t function_key(const struct profile_location *location, uint32_t number)
{
	/* Texts of one profile are in one pool, so that equal ones have one address. No two locations have one label. */
	const struct source_line *line = location->labelled ? NULL : &location->lines[number];
	const uint64_t parts[] = {line ? (uintptr_t)line->function : (uintptr_t)location,
				  line ? (uintptr_t)line->file : 0, location->module};

	return hash_bytes(SPREAD_FUNCTION, parts, sizeof parts);
}

static bool walk_next(struct membership_walk *walk, struct membership *found)
{
	if (walk->next == SPREAD_FUNCTION && frame_walk_has(walk->at)) {
		const struct profile_location *location = frame_walk_location(walk->profile, walk->at);
		*found = (struct membership){.key = function_key(location, walk->at.line),
					     .level = SPREAD_FUNCTION,
					     .location = location,
					     .line = walk->at.line,
					     .module = location->module,
					     .depth = walk->depth++};
		walk->at = frame_walk_next(walk->profile, walk->at);
		return true;
	}
	if (walk->next <= SPREAD_MODULE && walk->place_module) {
		*found = (struct membership){
		    .key = hash_bytes(SPREAD_MODULE, &walk->place_module, sizeof walk->place_module),
		    .level = SPREAD_MODULE,
		    .module = walk->place_module};
		walk->next = SPREAD_PROCESS;
		return true;
	}
	*found = (struct membership){.key = SPREAD_PROCESS, .level = SPREAD_PROCESS};
	return walk->next++ <= SPREAD_PROCESS;
}

static struct membership_walk walk_begin(const struct spread_sets *sets, uint32_t index)
{
	struct membership_walk walk = {.profile = sets->profile, .at = sets->places[index]};

	if (!frame_walk_has(walk.at))
		walk.next = SPREAD_PROCESS;
	else
		walk.place_module = frame_walk_location(sets->profile, walk.at)->module;
	return walk;
}

/* An element of a set, on its way into the hierarchy. */
struct pair {
	uint32_t set, element;
};

struct pair_list {
	struct pair *pairs;
	size_t count, capacity;
};

static uint32_t set_find(struct spread_sets *sets, const struct membership *found)
{
	bool is_new;
	const uint32_t index = numbering_put(&sets->by_key, found->key, &is_new);

	if (is_new) {
		ARRAY_RESERVE(sets->sets, sets->hierarchy.set_count, sets->capacity);
		sets->sets[sets->hierarchy.set_count++] = (struct spread_set){.level = found->level,
									      .location = found->location,
									      .line = found->line,
									      .module = found->module,
									      .depth = found->depth};
	}
	return index;
}

static void element_add(struct spread_sets *sets, struct pair_list *list, uint32_t element, uint32_t site)
{
	struct membership_walk walk = walk_begin(sets, site);

	for (struct membership found; walk_next(&walk, &found);) {
		const uint32_t index = set_find(sets, &found);
		struct spread_set *set = &sets->sets[index];
		if (set->last == element + 1u) /* a function that calls itself */
			continue;
		set->last = element + 1u;
		set->size++;
		set->content += hash_bytes(0, &element, sizeof element);
		ARRAY_RESERVE(list->pairs, list->count, list->capacity);
		list->pairs[list->count++] = (struct pair){index, element};
	}
}

/* Sorts the pairs by set. */
static void hierarchy_fill(struct spread_sets *sets, const struct pair_list *list)
{
	const size_t count = sets->hierarchy.set_count;
	size_t *begin = memory_allocate(count + 2, sizeof *begin);
	uint32_t *elements = memory_allocate(list->count + 1, sizeof *elements);

	for (size_t set = 0; set < count; set++)
		begin[set + 2] = begin[set + 1] + sets->sets[set].size;
	for (size_t i = 0; i < list->count; i++)
		elements[begin[list->pairs[i].set + 1]++] = list->pairs[i].element;
	sets->hierarchy.begin = begin;
	sets->hierarchy.elements = elements;
}

static bool is_better_name(const struct spread_set *a, const struct spread_set *b)
{
	return a->level != b->level ? a->level < b->level : a->depth < b->depth;
}

/* Of functions that are on the same stacks, the innermost names them; a module or the program where no function does. */
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
	struct pair_list list = {0};

	*sets = (struct spread_sets){.profile = profile, .places = places};
	sets->hierarchy.element_count = count;
	for (uint32_t element = 0; element < count; element++)
		element_add(sets, &list, element, sites[element]);
	hierarchy_fill(sets, &list);
	sets_name(sets);
	free(list.pairs);
}

void spread_sets_free(struct spread_sets *sets)
{
	free((void *)sets->hierarchy.begin);
	free((void *)sets->hierarchy.elements);
	free(sets->sets);
	numbering_free(&sets->by_key);
	*sets = (struct spread_sets){0};
}

uint32_t spread_sets_rank(const struct spread_sets *sets, uint32_t site, const uint32_t *rank)
{
	struct membership_walk walk = walk_begin(sets, site);
	uint32_t least = 0;

	for (struct membership found; walk_next(&walk, &found);) {
		const uint32_t set = numbering_get(&sets->by_key, found.key);
		const uint32_t here = set != NUMBERING_NONE ? rank[set] : 0;
		if (here && (!least || here < least))
			least = here;
	}
	return least;
}
