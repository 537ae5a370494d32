/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rounds from the allocator outwards: in each, every site's innermost call that
 * is the program's own and no wrapper yet is a candidate, and what the sites say
 * about it is put together. A round that finds no new wrapper is the last.
 */
#include "place/wrapper.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/demangled.h"
#include "base/map.h"
#include "base/memory.h"
#include "place/frame_walk.h"

#define ROUNDS 8
#define POINTS_MOST                                                                                                    \
	3 /* the most places in a wrapper's code where it asks the allocator: malloc, realloc, and a second try */
#define CALLERS_MANY 4    /* whose sizes are looked at; with fewer, the name has to say it */
#define CALLERS_KEPT 32   /* the most callers of a candidate to look at; more tell nothing new */
#define SAME_SIZE 1.05    /* sizes within this ratio are one */
#define STEADY_SHARE 0.75 /* the least share of callers that always get the same size */

struct wrappers {
	const struct profile *profile;
	struct map *names; /* by address of the interned name */
	bool have_names;
	struct map *looked_at; /* whether a given pattern matches, found once for each name: 1 no, 2 yes */
	const char *const *given;
	size_t given_count;
	bool see_guests;
};

struct caller {
	const char *function;
	double least, most; /* mean size of a block, over this caller's sites */
	uint32_t next;      /* of the same candidate: index + 1 in the round's; 0: none */
};

struct candidate {
	const char *function;
	double least, most;
	uint32_t points[POINTS_MOST + 1];   /* its addresses or lines; one more than allowed is kept */
	uint32_t callers;                   /* the first one's index + 1 */
	uint16_t point_count, caller_count; /* that are kept */
};

struct round {
	const struct profile *profile;
	struct numbering by_name; /* the names' addresses; their numbers are the candidates' */
	struct candidate *candidates;
	struct caller *callers; /* of all candidates: most have one */
	size_t count, capacity, caller_count, caller_capacity;
};

static uint64_t name_key(const char *function)
{
	return (uint64_t)(uintptr_t)function;
}

bool wrappers_have(const struct wrappers *wrappers, const char *function)
{
	if (wrappers->have_names && map_get(wrappers->names, name_key(function)))
		return true;
	if (!wrappers->given_count)
		return false;
	uint64_t *answer = map_put(wrappers->looked_at, name_key(function), NULL);
	for (size_t i = 0; !*answer && i < wrappers->given_count; i++)
		if (fnmatch(wrappers->given[i], function, 0) == 0)
			*answer = 2;
	if (!*answer)
		*answer = 1;
	return *answer == 2;
}

bool wrappers_see_guests(const struct wrappers *wrappers)
{
	return wrappers->see_guests;
}

enum code_owner wrappers_owner(const struct wrappers *wrappers, const struct profile_location *location,
			       const struct source_line *line)
{
	uint8_t *owner = &location->lines[line - location->lines].owner;

	if (!*owner)
		*owner = (uint8_t)(code_owner(wrappers->profile, location, line) + 1);
	return (enum code_owner)(*owner - 1);
}

/* Mean size of the site's blocks; 0 where it has none. */
static double site_block_bytes(const struct profile_site *site)
{
	const double objects = site->allocated.objects.uncertain + site->allocated.objects.certain;

	return objects > 0 ? (site->allocated.bytes.uncertain + site->allocated.bytes.certain) / objects : 0;
}

static void range_add(double *least, double *most, double value)
{
	*least = *most == 0 || value < *least ? value : *least;
	*most = value > *most ? value : *most;
}

static void candidate_add_point(struct candidate *candidate, uint32_t point)
{
	for (uint32_t i = 0; i < candidate->point_count; i++)
		if (candidate->points[i] == point)
			return;
	if (candidate->point_count <= POINTS_MOST)
		candidate->points[candidate->point_count++] = point;
}

static void candidate_add_caller(struct round *round, struct candidate *candidate, const char *function, double bytes)
{
	uint32_t *at = &candidate->callers;

	while (*at && round->callers[*at - 1].function != function)
		at = &round->callers[*at - 1].next;
	if (!*at && candidate->caller_count == CALLERS_KEPT)
		return;
	if (*at) {
		range_add(&round->callers[*at - 1].least, &round->callers[*at - 1].most, bytes);
		return;
	}
	*at = (uint32_t)round->caller_count + 1;
	candidate->caller_count++;
	ARRAY_RESERVE(round->callers, round->caller_count, round->caller_capacity);
	round->callers[round->caller_count++] = (struct caller){.function = function, .least = bytes, .most = bytes};
}

static struct candidate *round_candidate(struct round *round, const char *function)
{
	bool is_new;
	const uint32_t index = numbering_put(&round->by_name, name_key(function), &is_new);

	if (is_new) {
		ARRAY_RESERVE(round->candidates, round->count, round->capacity);
		round->candidates[round->count++] = (struct candidate){.function = function};
	}
	return &round->candidates[index];
}

/* The innermost call from `at` on that is the program's own and no wrapper. */
static struct frame_walk next_own(const struct profile *profile, const struct wrappers *wrappers,
				  const struct profile_site *site, struct frame_walk at)
{
	for (; frame_walk_has(site, at); at = frame_walk_next(profile, site, at)) {
		const struct source_line *line = frame_walk_line(profile, site, at);
		if (code_is_own(wrappers_owner(wrappers, frame_walk_location(profile, site, at), line)) &&
		    !wrappers_have(wrappers, line->function))
			break;
	}
	return at;
}

static void round_add_site(struct round *round, const struct wrappers *wrappers, const struct profile_site *site)
{
	const struct profile *profile = round->profile;
	const struct frame_walk own = next_own(profile, wrappers, site, (struct frame_walk){0, 0});
	const double bytes = site_block_bytes(site);

	if (!frame_walk_has(site, own) || !(bytes > 0))
		return;
	const struct source_line *line = frame_walk_line(profile, site, own);
	const struct frame_walk above = next_own(profile, wrappers, site, frame_walk_next(profile, site, own));
	if (!frame_walk_has(site, above)) /* a thread's outermost function, or main */
		return;
	struct candidate *candidate = round_candidate(round, line->function);
	range_add(&candidate->least, &candidate->most, bytes);
	candidate_add_point(candidate, line->line ? line->line : site->stack[own.frame]);
	candidate_add_caller(round, candidate, frame_walk_line(profile, site, above)->function, bytes);
}

/* Whether two neighbouring letters are those of a word below. Most names have none, and programs have millions. */
static bool may_say_allocator(const char *name)
{
#define PAIR(first, second) ((first) << 8 | (second))
	for (; *name; name++)
		switch (PAIR(name[0] | 0x20, name[1] | 0x20)) {
		case PAIR('a', 'l'): /* alloc, memalign */
		case PAIR('d', 'u'): /* dup */
		case PAIR('g', 'e'): /* get */
		case PAIR('t', 'a'): /* take, obtain */
		case PAIR('e', 'w'):
		case PAIR('o', 'w'): /* grow */
		case PAIR('v', 'e'): /* reserve */
		case PAIR('z', 'e'): /* resize */
			return true;
		}
	return false;
#undef PAIR
}

static bool has_any(const char *name, const char *const *words)
{
	for (; *words; words++)
		if (strcasestr(name, *words))
			return true;
	return false;
}

static bool ends_in_any(const char *name, size_t length, const char *const *ends)
{
	for (; *ends; ends++) {
		const size_t end = strlen(*ends);
		if (length >= end && strcasecmp(name + length - end, *ends) == 0)
			return true;
	}
	return false;
}

/* What a name says: 2 for words that only allocators have, wherever they stand (ztrymalloc_usable), 1 for those that creators
 * of single things have, too (alloc_session), or that stand at the end (arena_new, luaV_grow_; of a store: pool_get). Template arguments,
 * parameters and a compiler's suffix (".part.0") tell nothing. */
static int name_says_allocator(const char *function)
{
	static const char *const allocators[] = {"malloc",  "calloc", "realloc",  "zalloc", "strdup",
						 "strndup", "memdup", "memalign", NULL};
	static const char *const ends[] = {"new", "grow", "reserve", "resize", NULL};
	static const char *const stores[] = {"arena", "pool", "slab", "heap", "mem", NULL};
	static const char *const gets[] = {"get", "take", "obtain", NULL};
	char name[128];
	size_t length = 0;

	for (struct name_token token = {.end = name_behind_type(function)}; name_token_next(&token);) {
		const size_t bytes = (size_t)(token.end - token.at);
		if (name_token_is_parameters(function, &token) || strchr(".@ ", *token.at) ||
		    length + bytes >= sizeof name)
			break;
		memcpy(name + length, token.at, token.bracket ? 0 : bytes);
		length += token.bracket ? 0 : bytes;
	}
	while (length > 0 && !isalpha((unsigned char)name[length - 1]))
		length--;
	name[length] = '\0';
	if (has_any(name, allocators))
		return 2;
	if (ends_in_any(name, length, ends) || (ends_in_any(name, length, gets) && has_any(name, stores)))
		return 1;
	return strcasestr(name, "alloc") ? 1 : 0;
}

/* Whether the callers decide how much is asked for. */
static bool callers_decide(const struct round *round, const struct candidate *candidate)
{
	uint32_t steady = 0;

	if (candidate->caller_count < CALLERS_MANY)
		return false;
	for (uint32_t at = candidate->callers; at; at = round->callers[at - 1].next)
		steady += round->callers[at - 1].most <= round->callers[at - 1].least * SAME_SIZE;
	return candidate->most > candidate->least * SAME_SIZE && steady >= STEADY_SHARE * candidate->caller_count;
}

static bool candidate_is_wrapper(const struct round *round, const struct candidate *candidate)
{
	if (candidate->point_count > POINTS_MOST)
		return false;
	const int says = may_say_allocator(candidate->function) ? name_says_allocator(candidate->function) : 0;
	const bool sizes_differ = candidate->most > candidate->least * SAME_SIZE;
	return says == 2 || (says == 1 && sizes_differ && candidate->caller_count >= 2) ||
	       callers_decide(round, candidate);
}

/* How many new ones there are. */
static size_t round_judge(const struct round *round, struct wrappers *wrappers)
{
	size_t found = 0;

	for (size_t i = 0; i < round->count; i++) {
		if (!candidate_is_wrapper(round, &round->candidates[i]))
			continue;
		map_put(wrappers->names, name_key(round->candidates[i].function), NULL);
		found++;
	}
	wrappers->have_names |= found > 0;
	return found;
}

struct wrappers *wrappers_find(const struct profile *profile, const char *const *given, size_t count)
{
	struct wrappers *wrappers = memory_allocate(1, sizeof *wrappers);
	size_t found = 1;

	*wrappers = (struct wrappers){
	    .profile = profile,
	    .names = map_create(),
	    .looked_at = map_create(),
	    .given = given,
	    .given_count = count,
	    .see_guests = code_has_guests(profile),
	};
	for (int i = 0; i < ROUNDS && found; i++) {
		struct round round = {.profile = profile};
		for (uint32_t s = 0; s < profile->site_count; s++)
			round_add_site(&round, wrappers, &profile->sites[s]);
		found = round_judge(&round, wrappers);
		numbering_free(&round.by_name);
		free(round.candidates);
		free(round.callers);
	}
	return wrappers;
}

void wrappers_free(struct wrappers *wrappers)
{
	if (!wrappers)
		return;
	map_free(wrappers->names);
	map_free(wrappers->looked_at);
	free(wrappers);
}
