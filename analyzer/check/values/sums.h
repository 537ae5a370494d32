/* SPDX-License-Identifier: Apache-2.0 */
/* What a run has of a budget's measure, cell by cell. */
#ifndef SEEP_CHECK_VALUES_SUMS_H
#define SEEP_CHECK_VALUES_SUMS_H

#include "check/file/budgets.h"
#include "check/values/runs.h"
#include "check/values/sites.h"

/* The value is more - less: of growth what is new and what is gone, of all else the value and nothing. */
struct cell {
	struct seep_sum more, less;
	double unseen; /* of either, as of sum_interval() */
	double looks;  /* as of struct contrast */
};

/* Why a run has no value that a decision could rest on. */
enum sums_fault {
	SUMS_FINE,
	SUMS_ABSENT,  /* it is not known at all */
	SUMS_NO_RATE, /* its samples do not say how sure it is */
	SUMS_NO_WORK, /* nobody counted its units of work */
	SUMS_NO_EARLIER_MOMENT
};

/* Fills a cell for each of the budget's; the caller frees them. With a fault `cells` stays NULL. */
enum sums_fault run_sums(const struct check_runs *runs, const struct check_run *run, const struct budget *budget,
			 struct sites *sites, struct cell **cells);

/* The units of work that a run had done by the moment that a measure is about, or, of growth, that it did meanwhile: as the command
 * line says, or as the program has counted them. 0: nobody did. */
double run_work(const struct check_runs *runs, enum check_side side, const struct check_run *run,
		enum check_measure measure);

/* The moment that a measure is about. */
enum run_moment measure_moment(enum check_measure measure);

#endif
