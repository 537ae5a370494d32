/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rounds from the allocator outwards. In each, a site's innermost call that is the program's own and not yet known as a
 * wrapper is a candidate, and what all sites say about it is put together. A round that finds no new wrapper is the
 * last.
 */
#include "place/wrapper.h"

#include <fnmatch.h>
#include <stdlib.h>

#include "base/map.h"
#include "base/memory.h"
#include "place/allocator_name.h"
#include "profile/profile.h"

#define ROUNDS 8
#define POINTS_MOST                                                                                                    \
	3 /* the most places in a wrapper's code that ask the allocator: malloc, realloc, and a second try */
#define CALLERS_MANY 4    /* callers from which on their sizes are looked at; with fewer, the name must tell */
#define CALLERS_KEPT 32   /* the most callers of a candidate that are looked at; more tell nothing new */
#define SAME_SIZE 1.05    /* sizes within this ratio count as one */
#define STEADY_SHARE 0.75 /* the smallest share of callers that must always get the same size */

struct wrappers {
	const struct profile *profile;
	struct map *names; /* by function_key() */
	bool have_names;
	struct map *looked_at; /* whether a given pattern matches, found out once for each name: 1 no, 2 yes */
	const char *const *given;
	size_t given_count;
	bool see_guests;
	/* For each module, about its functions that have only labels: their enum code_owner + 1; and what the name
	 * tells + 1. */
	uint8_t *label_owners, *label_says;
	struct own_call *own_calls; /* by site, of the round that is looked at */
	bool own_calls_last;        /* that round found nothing new: they are still so */
};

/* A site's innermost call that is the program's own and not a wrapper. */
struct own_call {
	struct frame_walk at;
	uint32_t location; /* its index + 1; 0: there is no such call */
};

struct caller {
	uint64_t function;
	double least, most; /* the smallest and largest mean block size over this caller's sites */
	uint32_t next;      /* the candidate's next caller: index + 1 in the round's; 0: none */
};

struct candidate {
	uint64_t function;
	int says; /* name_says_allocator() */
	double least, most;
	uint32_t points[POINTS_MOST + 1];   /* its addresses or lines; one more than allowed is kept */
	uint32_t callers;                   /* index + 1 of its first caller */
	uint16_t point_count, caller_count; /* how many are kept */
};

struct round {
	const struct profile *profile;
	/* By location: how many sites have it as their own call, up to CALLERS_MANY; where the name tells, so many at once.
	 * With fewer, it tells nothing: in a program without symbols nearly all are like that. */
	uint8_t *sites_at;
	struct numbering by_name; /* of the functions; the numbers are those of candidates */
	struct candidate *candidates;
	struct caller *callers; /* of all candidates: most of them have one */
	size_t count, capacity, caller_count, caller_capacity;
	bool has_candidates;
};

/* The interned name's address. If a label stands for the name, which no other location has, the location's address. */
static uint64_t function_key(const struct profile_location *location, uint32_t line)
{
	return location->labelled ? (uintptr_t)location : (uintptr_t)location->lines[line].function;
}

bool wrappers_have(const struct wrappers *wrappers, const struct profile_location *location, uint32_t line)
{
	if (wrappers->have_names && map_get(wrappers->names, function_key(location, line)))
		return true;
	if (!wrappers->given_count)
		return false;
	const char *function = profile_lines(wrappers->profile, location)[line].function;
	uint64_t *answer = map_put(wrappers->looked_at, (uintptr_t)function, NULL);
	for (size_t i = 0; !*answer && i < wrappers->given_count; i++)
		if (fnmatch(wrappers->given[i], function, 0) == 0)
			*answer = 2;
	if (!*answer)
		*answer = 1;
	return *answer == 2;
}

bool wrappers_own_call(const struct wrappers *wrappers, const struct profile_site *site, struct frame_walk *call)
{
	const struct own_call *own = &wrappers->own_calls[site - wrappers->profile->sites];

	if (!wrappers->own_calls_last || !own->location)
		return false;
	*call = own->at;
	return true;
}

bool wrappers_see_guests(const struct wrappers *wrappers)
{
	return wrappers->see_guests;
}

enum code_owner wrappers_owner(const struct wrappers *wrappers, const struct profile_location *location, uint32_t line)
{
	uint8_t *owner = location->labelled ? &wrappers->label_owners[location->module] : &location->lines[line].owner;

	if (!*owner) {
		const struct source_line label = {.function = wrappers->profile->modules[location->module].label};
		*owner = (uint8_t)(code_owner(wrappers->profile, location,
					      location->labelled ? &label : &location->lines[line]) +
				   1);
	}
	return (enum code_owner)(*owner - 1);
}

/* Mean size of the site's blocks; 0 if it has none. */
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

static void candidate_add_caller(struct round *round, struct candidate *candidate, uint64_t function, double bytes)
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

static struct candidate *round_candidate(struct round *round, uint64_t function)
{
	bool is_new;
	const uint32_t index = numbering_put(&round->by_name, function, &is_new);

	if (is_new) {
		ARRAY_RESERVE(round->candidates, round->count, round->capacity);
		round->candidates[round->count++] = (struct candidate){.function = function, .says = -1};
	}
	return &round->candidates[index];
}

/* The innermost call from `at` on that is the program's own and not a wrapper. */
static struct frame_walk next_own(const struct profile *profile, const struct wrappers *wrappers, struct frame_walk at)
{
	for (; frame_walk_has(at); at = frame_walk_next(profile, at)) {
		const struct profile_location *location = frame_walk_location(profile, at);
		if (code_is_own(wrappers_owner(wrappers, location, at.line)) &&
		    !wrappers_have(wrappers, location, at.line))
			break;
	}
	return at;
}

/* The digits of a label tell nothing, so all labels of a module tell the same. */
static int location_says_allocator(const struct wrappers *wrappers, const struct profile_location *location,
				   uint32_t line)
{
	uint8_t *says = &wrappers->label_says[location->module];

	if (!location->labelled)
		return name_says_allocator(location->lines[line].function);
	if (!*says)
		*says = (uint8_t)(name_says_allocator(wrappers->profile->modules[location->module].label) + 1);
	return *says - 1;
}

static void round_count_site(struct round *round, struct wrappers *wrappers, uint32_t site)
{
	const struct profile *profile = round->profile;
	struct own_call *own = &wrappers->own_calls[site];

	*own = (struct own_call){next_own(profile, wrappers, frame_walk_leaf(&profile->sites[site])), 0};
	if (!frame_walk_has(own->at))
		return;
	const uint32_t index = profile->nodes[own->at.node].location;
	const struct profile_location *location = &profile->locations[index];
	uint8_t *count = &round->sites_at[index];
	own->location = index + 1;
	if (!location->labelled || location_says_allocator(wrappers, location, own->at.line))
		*count = CALLERS_MANY;
	*count += *count < CALLERS_MANY;
	round->has_candidates |= *count == CALLERS_MANY;
}

static void round_add_site(struct round *round, const struct wrappers *wrappers, uint32_t site)
{
	const struct profile *profile = round->profile;
	const struct own_call *found = &wrappers->own_calls[site];

	if (!found->location || round->sites_at[found->location - 1] < CALLERS_MANY)
		return;
	const struct frame_walk own = found->at;
	const double bytes = site_block_bytes(&profile->sites[site]);
	const struct frame_walk above = next_own(profile, wrappers, frame_walk_next(profile, own));
	if (!(bytes > 0) || !frame_walk_has(above)) /* a thread's outermost function, or main */
		return;
	const struct profile_location *location = &profile->locations[found->location - 1];
	struct candidate *candidate = round_candidate(round, function_key(location, own.line));
	if (candidate->says < 0)
		candidate->says = location_says_allocator(wrappers, location, own.line);
	range_add(&candidate->least, &candidate->most, bytes);
	const uint32_t line = location->labelled ? 0 : location->lines[own.line].line;
	candidate_add_point(candidate, line ? line : found->location - 1);
	candidate_add_caller(round, candidate, function_key(frame_walk_location(profile, above), above.line), bytes);
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
	const bool sizes_differ = candidate->most > candidate->least * SAME_SIZE;
	return candidate->says == 2 || (candidate->says == 1 && sizes_differ && candidate->caller_count >= 2) ||
	       callers_decide(round, candidate);
}

/* Judges the candidates; returns how many new wrappers there are. */
static size_t round_judge(const struct round *round, struct wrappers *wrappers)
{
	size_t found = 0;

	for (size_t i = 0; i < round->count; i++) {
		if (!candidate_is_wrapper(round, &round->candidates[i]))
			continue;
		map_put(wrappers->names, round->candidates[i].function, NULL);
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
	    .label_owners = memory_allocate(profile->module_count, 1),
	    .label_says = memory_allocate(profile->module_count, 1),
	    .own_calls = memory_allocate(profile->site_count, sizeof *wrappers->own_calls),
	};
	for (int i = 0; i < ROUNDS && found; i++) {
		struct round round = {.profile = profile, .sites_at = memory_allocate(profile->location_count + 1u, 1)};
		for (uint32_t s = 0; s < profile->site_count; s++)
			round_count_site(&round, wrappers, s);
		for (uint32_t s = 0; s < profile->site_count && round.has_candidates; s++)
			round_add_site(&round, wrappers, s);
		found = round_judge(&round, wrappers);
		free(round.sites_at);
		numbering_free(&round.by_name);
		free(round.candidates);
		free(round.callers);
	}
	wrappers->own_calls_last = !found;
	return wrappers;
}

void wrappers_free(struct wrappers *wrappers)
{
	if (!wrappers)
		return;
	map_free(wrappers->names);
	map_free(wrappers->looked_at);
	free(wrappers->label_owners);
	free(wrappers->label_says);
	free(wrappers->own_calls);
	free(wrappers);
}
