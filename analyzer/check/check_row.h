/* SPDX-License-Identifier: Apache-2.0 */
/* What a check found out about each budget: the result of check_make(). */
#ifndef SEEP_CHECK_CHECK_ROW_H
#define SEEP_CHECK_CHECK_ROW_H

#include "check/file/budgets.h"
#include "check/values/runs.h"
#include "check/values/sites.h"

/* The chance that anything fails of a program that keeps all of its budgets is at most: */
#define CHECK_CHANCE 0.01

enum check_result { CHECK_PASS, CHECK_UNDECIDED, CHECK_FAIL };

/* Why a budget is undecided. */
enum check_doubt {
	DOUBT_NONE,
	DOUBT_SAMPLING,   /* the limit is in the interval */
	DOUBT_MANY,       /* it is below the interval, but among so many tests that may be chance */
	DOUBT_LOST_AFTER, /* within, but something was lost: there may be more */
	DOUBT_LOST,       /* beyond, but the base lost something, or something was counted twice */
	DOUBT_ONE_RUN,    /* RSS has no samples: only several runs tell how much it differs without a cause */
	DOUBT_NO_BASE,
	DOUBT_NO_VALUE,  /* the run does not have it */
	DOUBT_NO_RATE,   /* its source does not say at which rate it was sampled */
	DOUBT_MOMENTS,   /* some runs are seen at their end, others before their shutdown */
	DOUBT_NO_SITE,   /* nothing of its names was seen: a budget that is misspelt must not pass */
	DOUBT_NO_WORK,   /* nobody counted the units of work of a run */
	DOUBT_NO_BEFORE, /* growth needs two snapshots */
	DOUBT_NO_LOOK,   /* nobody has looked what is lost */
	DOUBT_UNJUDGED,  /* leaks can't be told, or not yet; `text` says why */
	DOUBT_CAUTIONS   /* something leaks, but nothing for sure */
};

struct check_row {
	const struct budget *budget;
	enum check_result result;
	enum check_doubt doubt;
	double value, low, high; /* in the unit of the limit, per work where the budget is; NaN: not known */
	double limit;
	double base;          /* the base's value; NaN: there is none */
	double p;             /* adjusted for all tests; NaN: none was made */
	double needed_rate;   /* a sampling rate that would decide it; 0: none is known */
	uint32_t needed_runs; /* runs on each side that would; 0: no number is known */
	uint32_t others;      /* places of the budget with the same result that have no row */
	/* Of a budget of each: the place. Of another: that which has, or grew by, most of it. NULL: none. */
	const struct group *group;
	double share; /* of another: how much that is; NaN: the row is about the place itself */
	double lost_blocks,
	    lost_by_nobody; /* of a budget of what is lost: blocks, and those that no lost block refers to, either */
	const struct leak_row *leak; /* of a budget of leaks: one of them; NULL: the row is about none */
	const char *text;            /* of DOUBT_UNJUDGED */
};

struct check {
	const struct budgets *budgets;
	struct check_runs *runs;
	struct sites sites;
	struct check_row *rows; /* by result, the worst first; then in the order of the file */
	size_t count, capacity;
	size_t results[CHECK_FAIL + 1]; /* budgets by result */
	enum check_result result;
	double chance; /* that anything fails of a program that keeps all budgets, at most */
	double tests;  /* that were made */
};

#endif
