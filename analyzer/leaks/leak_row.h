/* SPDX-License-Identifier: Apache-2.0 */
/* What is found out about each group of a series, and about the series: the result of leaks_build(). */
#ifndef SEEP_LEAKS_LEAK_ROW_H
#define SEEP_LEAKS_LEAK_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include "compare/comparison.h"
#include "compare/group.h"
#include "statistics/cohort.h"
#include "statistics/survival.h"
#include "statistics/trend.h"

enum leak_verdict { LEAK_LEAK, LEAK_GROWING, LEAK_STEADY, LEAK_CHURN, LEAK_VERDICTS };

/* What a verdict rests on. */
struct leak_evidence {
	struct trend whole, late;  /* bytes per second in use: whole series, its last half */
	struct cohort_outcome old; /* past plateau_age_ns */
	struct survival survival;  /* share of the bytes that outlives plateau_age_ns */
	uint64_t plateau_age_ns;   /* the age that all of this is about; 0: none could be tried */
	double p;                  /* of "what is that old dies within half of the recording's length on average" */
	bool has_plateau;          /* nothing dies past that age, as far as can be seen; no proof yet */
	bool has_cohorts;          /* what stays was not born early on, but all the time */
	bool is_proven;            /* both, with no allowance for chance, and p is small */
	double in_use_start;       /* bytes in use in the series' first snapshot, middle, and highest */
	double in_use_middle;
	double in_use_highest;
};

struct leak_row {
	uint32_t group;
	enum leak_verdict verdict;
	struct leak_evidence evidence;
	struct seep_measure in_use, allocated;
	struct interval in_use_bytes;
	double leak_rate;              /* bytes per second that stay for good; of a leak, else NaN */
	struct interval leak_interval; /* 95 % */
	double growth;                 /* bytes from the middle of the recording to its end, with its q-value */
	struct interval growth_bytes;
	double q;
	struct churn churn; /* since the middle of the recording */
};

struct leaks {
	const struct profile *reference; /* not owned; neither are the others of the series */
	const struct profile *middle;    /* nearest to the middle of the recording's time */
	size_t middle_index;             /* in the series */
	struct group_table groups;
	struct leak_row *rows; /* ordered by verdict, then by what is surest to have leaked or grown */
	uint32_t count;
	uint32_t verdicts[LEAK_VERDICTS]; /* rows by verdict */
	uint32_t timer_count;             /* snapshots by the timer in the series */
	bool can_judge;                   /* enough of them, with a rate and with samples */
	double seconds;                   /* from the recording's start to the reference */
	double leak_rate;                 /* of all leaks together, bytes per second */
	struct interval leak_interval;
	uint64_t *times_ns; /* of the series, the reference included */
	bool *is_timer;
	size_t time_count;
};

#endif
