/* SPDX-License-Identifier: Apache-2.0 */
/* What a check found for each budget: the result of check_make(). */
#ifndef SEEP_CHECK_CHECK_ROW_H
#define SEEP_CHECK_CHECK_ROW_H

#include "check/file/budgets.h"
#include "check/values/runs.h"
#include "check/values/sites.h"

/* At most this is the chance that anything fails in a program that keeps all of its budgets. */
#define CHECK_CHANCE 0.01

enum check_result { CHECK_PASS, CHECK_UNDECIDED, CHECK_FAIL };

/* Why a budget is undecided. */
enum check_doubt {
	DOUBT_NONE,
	DOUBT_SAMPLING,   /* the limit is in the interval */
	DOUBT_MANY,       /* the limit is below the interval, but among so many tests that may be chance */
	DOUBT_LOST_AFTER, /* the value is within, but something was lost, so there may be more */
	DOUBT_LOST,       /* the value is beyond, but the base lost something, or something was counted twice */
	DOUBT_ONE_RUN,    /* RSS has no samples: only several runs show how much it differs without a cause */
	DOUBT_NAMES,      /* the sides know the functions of a module unequally well, so that nothing can be matched */
	DOUBT_NO_BASE,
	DOUBT_NO_VALUE,  /* the run does not have this value */
	DOUBT_NO_RATE,   /* its source does not say at which rate it was sampled */
	DOUBT_MOMENTS,   /* some runs are seen at their end, others before their shutdown */
	DOUBT_NO_SITE,   /* nothing of its names was seen: a misspelt budget must not pass */
	DOUBT_NO_WORK,   /* nobody counted the units of work of a run */
	DOUBT_NO_BEFORE, /* growth needs two snapshots */
	DOUBT_NO_LOOK,   /* nobody looked for lost memory */
	DOUBT_UNJUDGED,  /* leaks can't be told, or not yet, in the row's run */
	DOUBT_CAUTIONS   /* something leaks or grows, but not for sure */
};

struct check_row {
	const struct budget *budget;
	enum check_result result;
	enum check_doubt doubt;
	double value, low, high; /* in the limit's unit; per unit of work if the budget is; NaN: not known */
	double limit;
	double base;          /* the base's value; NaN: there is none */
	double p;             /* adjusted for all tests; NaN: there was no test */
	double needed_rate;   /* a sampling rate that would decide it; 0: none is known */
	uint32_t needed_runs; /* runs on each side that would decide it; 0: no number is known */
	uint32_t others;      /* places of the budget with the same result but without a row */
	/* For a budget of each place, that place; for any other, the place that has or grew by most of it. NULL:
	 * none. */
	const struct group *group;
	double share; /* for any other: how much that is; NaN: the row is about the place itself */
	double lost_blocks,
	    /* for a budget of lost memory: all lost blocks, and those that not even a lost block refers to */
	    lost_by_nobody;
	const struct leak_row *leak; /* for a budget of leaks: one of them; NULL: the row is about none */
	const struct check_run *run; /* with DOUBT_UNJUDGED: the run in question */
};

struct check {
	const struct budgets *budgets;
	struct check_runs *runs;
	struct sites sites;
	struct check_row *rows; /* by result, the worst first, then in the file's order */
	size_t count, capacity;
	size_t results[CHECK_FAIL + 1]; /* how many budgets have each result */
	enum check_result result;
	/* which module was last looked at, for names_are_alike(), and what it found */
	const struct profile_module *named;
	bool is_named_alike;
	double chance; /* the chance, at most, that anything fails of a program that keeps all budgets */
	double tests;  /* how many tests were made */
};

#endif
