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
	uint64_t last;    /* the element that was added last, + 1 */
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
	uint32_t *outer; /* by node: the next one outwards that has a set worth filling */
	size_t capacity;
};

/* Builds the sets that `sites`, the elements, are in. All arguments must outlive the result. */
void spread_sets_build(struct spread_sets *sets, const struct profile *profile, const struct frame_walk *places,
		       const uint32_t *sites, size_t count);
void spread_sets_free(struct spread_sets *sets);

/* The smallest `rank` (by set; 0 does not count) among the sets that any site of the profile is in; 0: none has a
 * rank. */
uint32_t spread_sets_rank(struct spread_sets *sets, uint32_t site, const uint32_t *rank);

#endif
