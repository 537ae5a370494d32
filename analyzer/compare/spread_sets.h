/* SPDX-License-Identifier: Apache-2.0 */
/* The levels above places: which stacks lie below a function, in a module, under a label, in the
 * program. Only spreads.c uses this. */
#ifndef SEEP_COMPARE_SPREAD_SETS_H
#define SEEP_COMPARE_SPREAD_SETS_H

#include "base/map.h"
#include "compare/spread_place.h"
#include "profile/profile.h"
#include "statistics/hierarchy.h"

struct spread_set {
	enum spread_level level;
	const struct profile_location *location; /* the function's call; like `line`, NULL at other levels */
	uint32_t line;
	uint32_t module;   /* index in the profile */
	const char *label; /* NULL at other levels */
	bool is_named;     /* false: another set of the same stacks has a better name */
	uint32_t depth;    /* calls between the place and the function, as first seen */
	size_t size;
	uint64_t content; /* equal for sets of the same elements */
};

/* A call of a function in a stack; stacks with the same callers share it. */
struct spread_step {
	uint32_t set, outer; /* the next one outwards; 0: none */
};

struct spread_sets {
	const struct profile *profile;
	const struct frame_walk *places; /* by site */
	struct hierarchy hierarchy;      /* over elements, for sets that may grow */
	struct spread_set *sets;
	struct numbering by_key; /* numbers are indices of sets */
	/* For each line of a location (those of location i from first_known[i] on), its function's set + 1; 0: not
	 * looked up yet. */
	uint32_t *first_known, *known;
	/* Stacks as the functions that have a set, in the end one worth filling. By node: its step, or the next one
	 * outwards; 0: none. */
	struct spread_step *steps;
	uint32_t *step_of;
	uint32_t step_count;
	size_t capacity;
	bool has_labels; /* some site has one */
	bool is_short;   /* steps are those of sets worth filling */
};

#define SPREAD_KNOWN_AS_NONE UINT32_MAX

/* The set of a location's line; NUMBERING_NONE: there is none, or none yet. */
static inline uint32_t spread_set_of(const struct spread_sets *sets, uint32_t location, uint32_t line)
{
	const uint32_t known = sets->known[sets->first_known[location] + line];

	return known == SPREAD_KNOWN_AS_NONE ? NUMBERING_NONE : known - 1;
}

/* Whether a test of the set is possible: nobody asks for the elements of other sets. */
static inline bool spread_is_worth_filling(const struct spread_set *set)
{
	return set->is_named && set->size > 1;
}

/* Sets with the same elements have the same sum of these. */
static inline uint64_t spread_content(uint32_t element)
{
	return hash_bytes(0, &element, sizeof element);
}

/* Builds the sets that `sites`, the elements, are in. All arguments must outlive the result. */
void spread_sets_build(struct spread_sets *sets, const struct profile *profile, const struct frame_walk *places,
		       const uint32_t *sites, size_t count);
void spread_sets_free(struct spread_sets *sets);

/* The smallest `rank` (by set; 0 does not count) among the sets that any site of the profile is in; 0: none has a
 * rank. */
uint32_t spread_sets_rank(struct spread_sets *sets, uint32_t site, const uint32_t *rank);

/*
 * The tree of calls whose functions have sets (spread_steps.c). Adding up along it takes a step for each call, where
 * walking each stack takes one for each call of each stack. Only spread_sets.c uses these.
 */

/* Makes the tree. */
void spread_steps_make(struct spread_sets *sets);

/* Gives functions' sets the sizes and contents of the elements below them. */
void spread_steps_sum(struct spread_sets *sets, const uint32_t *sites);

/* Takes out functions whose sets nobody asks for: of a chain of calls that all come from one another, a single one is
 * left. */
void spread_steps_shorten(struct spread_sets *sets);

/* The first step of the site's stack from its place outwards; 0: none. */
static inline uint32_t spread_step(const struct spread_sets *sets, uint32_t site)
{
	const struct frame_walk place = sets->places[site];
	uint32_t step = sets->step_of[place.node];

	for (uint32_t line = 0; line < place.line; line++) {
		const uint32_t set = spread_set_of(sets, sets->profile->nodes[place.node].location, line);
		if (set != NUMBERING_NONE && (!sets->is_short || spread_is_worth_filling(&sets->sets[set])))
			step = sets->steps[step].outer;
	}
	return step;
}

#endif
