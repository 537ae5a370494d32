/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Growth of many rows together. Rows that explain their own growth are taken out. The remaining sites are tested on the
 * levels above them (a function and all that it calls, the places of a module, a label, the whole program), and the lowest level
 * that explains the growth is reported.
 */
#ifndef SEEP_COMPARE_SPREADS_H
#define SEEP_COMPARE_SPREADS_H

#include "compare/group.h"
#include "compare/spread_place.h"

struct spreads {
	struct spread_place *items;
	uint32_t count;
	uint32_t *of_site; /* by the later profile's sites: the spread of each; `count`: none */
};

/* "function", "module", "label", "process". */
const char *spread_level_name(enum spread_level level);

struct spread_question {
	const struct profile *before, *after; /* both with rates and samples */
	const struct group_table *groups;
	const bool *explained;            /* by group: the row explains its own growth */
	const bool *in_after, *in_before; /* results of samples_match(); NULL: not computed yet */
	double q;                         /* the largest share of false discoveries */
};
void spreads_find(struct spreads *spreads, const struct spread_question *question);
void spreads_free(struct spreads *spreads);

#endif
