/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The difference of two profiles: what grew, what shrank, how sure that is, and what churns. docs/SAMPLING.md derives
 * every number.
 *
 * Two snapshots of one process: samples live in both cancel; those that only the later one has are `fresh`, those that
 * only the earlier one has are `gone`. Counters that only ever grow (allocated, freed, lifetimes) are subtracted. Two
 * processes: nothing can be matched, so all samples of the later are fresh and all of the earlier gone, and rates are
 * those of the later process alone, since it began.
 *
 * If a profile has no rate or no samples, growth is the difference of the totals, and there are no intervals, q-values
 * or verdicts.
 */
#ifndef SEEP_COMPARE_COMPARISON_H
#define SEEP_COMPARE_COMPARISON_H

#include <stdbool.h>
#include <stdint.h>

#include "compare/churn.h"
#include "compare/group.h"
#include "compare/row_sums.h"
#include "compare/spreads.h"
#include "statistics/interval.h"

/* The false discovery rate at which a site is called. */
#define CALL_Q 0.05

enum verdict {
	VERDICT_NONE, /* without intervals there is no verdict */
	VERDICT_STEADY,
	VERDICT_GROWING,
	VERDICT_SHRINKING,
	VERDICT_UNKNOWN /* its interval excludes zero, but among so many that were tested this may be chance */
};

/* "growing" and so on; NULL for VERDICT_NONE. */
const char *verdict_name(enum verdict verdict);

struct comparison_row {
	uint32_t group; /* index into groups; for the total, the number of groups */
	enum verdict verdict;
	double growth_bytes, growth_objects;
	/* NaN without intervals, and in most rows whose growth chance explains: see comparison_test_all() */
	double p, q;
	double churn_bytes; /* allocated in the period */
	uint32_t changes;   /* fresh and gone samples, at most as many as fit in here */
	bool is_hotspot;    /* a churn hotspot */
};

struct comparison {
	const struct profile *before, *after; /* not owned */
	bool same_process;
	bool has_intervals;
	double seconds;  /* the length of the period; NaN if unknown */
	double rate;     /* the larger of the two rates; 0: a profile has none */
	bool could_miss; /* the profiles are of two moments, so samples may have been missed in between */
	struct reach_table reach;
	struct group_table groups;
	struct comparison_row *rows; /* one for each group, by growth in bytes, the largest first */
	uint32_t count;
	struct comparison_row total;
	struct row_sources sources; /* from which rows are computed */
	struct churn_counters churn_counters;
	double grown_bytes, shrunk_bytes; /* all growth above 0; all growth below 0, as a positive number */
	uint32_t *churn; /* hotspots as indices into rows, by bytes allocated a second, largest first */
	uint32_t churn_count;
	struct spreads spreads; /* empty unless comparison_find_spreads() found some */
};

/* Both profiles must have been symbolized and must outlive the comparison. */
void comparison_build(struct comparison *comparison, const struct profile *before, const struct profile *after,
		      enum group_by by);
void comparison_free(struct comparison *comparison);

/* Finds growth over many places, none of which alone is called growing. It looks at places, whatever the rows are. */
void comparison_find_spreads(struct comparison *comparison);

/*
 * Most rows are shown to nobody, and most show no growth that is worth a test. So sums and intervals are computed only
 * for rows that are shown, p only for rows whose interval excludes zero, and q only for rows that are called: no
 * verdict depends on a p above CALL_Q. The total has a p, and no q.
 */

/* The sums of a row, or of the total. */
struct row_sums comparison_sums(const struct comparison *comparison, const struct comparison_row *row);

/* The churn of a row, or of the total. */
struct churn comparison_churn(const struct comparison *comparison, const struct comparison_row *row);

/* Computes p and q of all rows. */
void comparison_test_all(struct comparison *comparison);

struct growth_intervals {
	struct interval bytes, objects; /* of growth */
	struct interval after_bytes;    /* of what is in use after */
};
/* Requires has_intervals. */
struct interval comparison_growth(const struct comparison *comparison, const struct row_sums *sums); /* bytes */
struct growth_intervals comparison_intervals(const struct comparison *comparison, const struct row_sums *sums);

/* Whether both profiles have this value. Profiles without bytes in use can't be compared: callers refuse them first. */
static inline bool comparison_has(const struct comparison *comparison, enum call_value value)
{
	return profile_has(comparison->before, value) && profile_has(comparison->after, value);
}

/* The snapshot with which a recording's last one is compared if the user names the recording alone: the nearest to a
 * quarter of the time between start and end, so that memory which a program allocates while it starts does not count as
 * growth. Snapshots at a peak were selected by their value: one of them serves only if there is no other. NULL: no
 * entry is older than the last snapshot. */
const struct recording_entry *recording_choose_before(const struct recording *recording, const struct profile *last);

/* Opens that snapshot, or if it can't be read the next best, and marks those that can't be read. NULL without `found`:
 * there is none, and the error is not set. */
struct profile *recording_open_before(struct recording *recording, const struct profile *last, bool *found,
				      struct error *error);

#endif
