/* SPDX-License-Identifier: Apache-2.0 */
/* A first file of budgets, from runs that are fine: what they have, and the room that their spread asks for. */
#ifndef SEEP_CHECK_SUGGEST_H
#define SEEP_CHECK_SUGGEST_H

#include <stdbool.h>

#include "check/file/budgets.h"
#include "check/values/runs.h"

struct suggestion {
	enum check_measure measure;
	bool per_work;
	double mean, least, most; /* of the runs */
	double sampling;          /* standard deviation of one run, by its samples; 0: it is exact */
	double spread;            /* beyond that, between runs; 0: their samples explain it */
	double limit;             /* rounded up */
};

struct suggestions {
	struct suggestion items[CHECK_MEASURES];
	size_t count;
	double percent; /* that a place may have more than in a base; whole */
	double floor;   /* of a place */
	bool leaks;     /* they could be judged, and there was none */
};

/* What the suggestions need of the runs. */
struct runs_need suggest_need(void);

/* The runs are those of SIDE_AFTER, symbolized. */
void suggest_make(struct suggestions *suggestions, const struct check_runs *runs);

#endif
