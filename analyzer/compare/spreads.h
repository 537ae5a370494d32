/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Growth of many rows together. Rows that explain their own growth are taken out; the remaining sites are tested on
 * the levels above them (what a function and all that it calls allocate, what the places of a module do, the whole
 * program), and the lowest one that explains the growth is found.
 */
#ifndef SEEP_COMPARE_SPREADS_H
#define SEEP_COMPARE_SPREADS_H

#include "compare/group.h"
#include "compare/spread_place.h"

struct spreads {
	struct spread_place *items;
	uint32_t count;
	uint32_t *of_site; /* by the later profile's sites: which one each is in; `count`: in none */
};

/* "function", "module", "process". */
const char *spread_level_name(enum spread_level level);

struct spread_question {
	const struct profile *before, *after; /* with rates and samples */
	const struct group_table *groups;
	const bool *explained;            /* by group */
	const bool *in_after, *in_before; /* as samples_match() has them; NULL: it has not been asked yet */
	double q;                         /* the most false discoveries */
};
void spreads_find(struct spreads *spreads, const struct spread_question *question);
void spreads_free(struct spreads *spreads);

#endif
