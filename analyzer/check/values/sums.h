/* SPDX-License-Identifier: Apache-2.0 */
/* A run's values of a budget's measure, cell by cell. */
#ifndef SEEP_CHECK_VALUES_SUMS_H
#define SEEP_CHECK_VALUES_SUMS_H

#include "check/file/budgets.h"
#include "check/values/runs.h"
#include "check/values/sites.h"

/* The value is more - less: for growth the new samples less the gone ones; for anything else the value less nothing. */
struct cell {
	struct seep_sum more, less;
	double unseen; /* of either, as sum_interval() takes it */
	double looks;  /* as in struct contrast */
};

/* Why a run has no value on which a decision could rest. */
enum sums_fault {
	SUMS_FINE,
	SUMS_ABSENT,  /* the value is not known at all */
	SUMS_NO_RATE, /* its samples do not say how sure it is */
	SUMS_NO_WORK, /* nobody counted its units of work */
	SUMS_NO_EARLIER_MOMENT
};

/* Fills a cell for each of the budget's; the caller frees them. With a fault, `cells` stays NULL. */
enum sums_fault run_sums(const struct check_runs *runs, const struct check_run *run, const struct budget *budget,
			 struct sites *sites, struct cell **cells);

/* The units of work that a run had done by a measure's moment or, for growth, in the meantime: by the command line, or
 * as the program has counted them. 0: nobody counted. */
double run_work(const struct check_runs *runs, enum check_side side, const struct check_run *run,
		enum check_measure measure);

/* The moment at which a measure is taken. */
enum run_moment measure_moment(enum check_measure measure);

#endif
