/* SPDX-License-Identifier: Apache-2.0 */
/* The cells of a budget on both sides, and the contrast of each with its limit. */
#ifndef SEEP_CHECK_VALUES_CELLS_H
#define SEEP_CHECK_VALUES_CELLS_H

#include "check/interval/contrast.h"
#include "check/values/runs.h"
#include "check/values/sums.h"

struct cells {
	const struct budget *budget;
	const struct check_runs *runs;
	struct cell **of_run[SIDES]; /* by run */
	double *units[SIDES];        /* by run: units of work if the budget is per unit; else 1 */
	size_t run_count[SIDES];     /* runs of the base: 0 if the budget is absolute */
	uint32_t count;
	uint32_t degrees[2]; /* degrees of freedom of the spread between runs: without the base, and with it */
	double usual_t[2];   /* for these degrees */
	enum sums_fault fault;
};

void cells_open(struct cells *cells, const struct check_runs *runs, const struct budget *budget, struct sites *sites);
void cells_close(struct cells *cells);

/* The mean of a side's runs, per unit of work if the budget is. */
double cells_mean(const struct cells *cells, enum check_side side, uint32_t cell);

/* A cell beside its limits. A share of the base with a floor makes two limits: a value must be beyond both. The higher
 * one is the first. */
struct standing {
	struct contrast contrasts[2];
	double limits[2];
	int count;
	double base; /* NaN: the limit has no base */
};
struct standing cells_standing(const struct cells *cells, uint32_t cell);

#endif
