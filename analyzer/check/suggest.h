/* SPDX-License-Identifier: Apache-2.0 */
/* Suggests a first file of budgets from runs that are fine: their values, with the room that their spread needs. */
#ifndef SEEP_CHECK_SUGGEST_H
#define SEEP_CHECK_SUGGEST_H

#include <stdbool.h>

#include "check/file/budgets.h"
#include "check/values/runs.h"

struct suggestion {
	enum check_measure measure;
	bool per_work;
	double mean, least, most; /* over the runs */
	double sampling;          /* standard deviation of one run due to its samples; 0: it is exact */
	double spread;            /* standard deviation between runs beyond that; 0: their samples explain it */
	double limit;             /* rounded up */
};

struct suggestions {
	struct suggestion items[CHECK_MEASURES];
	size_t count;
	double percent; /* how much more a place may have than in a base; a whole number */
	double floor;   /* for a place */
	bool leaks;     /* leaks could be judged, and there were none */
};

/* What the suggestions need from the runs. */
struct runs_need suggest_need(void);

/* Takes the runs of SIDE_AFTER, symbolized. */
void suggest_make(struct suggestions *suggestions, const struct check_runs *runs);

#endif
