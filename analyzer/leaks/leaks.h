/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leak, cache or load: a verdict for each site from the whole series of a
 * recording's snapshots, with the evidence it rests on. docs/SAMPLING.md has
 * the rule and its reasons.
 *
 * The series is what the timer took; snapshots taken at a peak were selected by
 * their value and are left out. It is read as of its last snapshot, the
 * reference. Every stack that any of its snapshots has is in the reference,
 * since counters only grow; groups are therefore those of the reference.
 */
#ifndef SEEP_LEAKS_LEAKS_H
#define SEEP_LEAKS_LEAKS_H

#include <stdbool.h>
#include <stdint.h>

#include "compare/comparison.h"
#include "compare/group.h"
#include "statistics/cohort.h"
#include "statistics/survival.h"
#include "statistics/trend.h"

enum leak_verdict { LEAK_LEAK, LEAK_GROWING, LEAK_STEADY, LEAK_CHURN, LEAK_VERDICTS };

/* "leak", "growing", "steady", "churn". */
const char *leak_verdict_name(enum leak_verdict verdict);

/* Snapshots that the timer took, for a verdict of leak or growing. */
#define LEAK_SERIES_LEAST 6

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

/*
 * The profiles of one process in the order of their time, the reference last; all by the timer but perhaps the last.
 * Two at least. The reference and the one that leaks_middle() names must have been symbolized; all must outlive the
 * result.
 */
void leaks_build(struct leaks *leaks, struct profile *const *series, size_t count, enum group_by by);
void leaks_free(struct leaks *leaks);

/* Index of the one nearest to the middle of the recording's time; never the last. */
size_t leaks_middle(struct profile *const *series, size_t count);

/*
 * When memory will be full, at the pace of all leaks together: `limit` is the tightest that is known, `used` what
 * counts against it. False where there is no leak or no limit.
 */
struct leak_limit {
	const char *name;      /* "cgroup limit", ... */
	double limit, used;    /* bytes */
	double seconds;        /* until it is reached */
	struct interval bound; /* the same at the fastest and the slowest pace in the interval */
};
bool leaks_limit(const struct leaks *leaks, struct leak_limit *limit);

#endif
