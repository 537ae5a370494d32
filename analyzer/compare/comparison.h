/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The difference of two profiles: what grew, what shrank, how sure that is, and what churns. docs/SAMPLING.md derives
 * every number.
 *
 * Two snapshots of one process: samples live in both cancel; `fresh` is what only the later one has, `gone` what only
 * the earlier one has. Counters that only ever grow (allocated, freed, lifetimes) are subtracted. Two processes:
 * nothing can be matched, so all samples of the later are fresh and all of the earlier gone, and rates are those of
 * the later process alone, since it began.
 *
 * Where a profile has no rate, or no samples, growth is the difference of its totals, and there are no intervals, no
 * q-values and no verdicts.
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

/* A site is called at a false discovery rate of: */
#define CALL_Q 0.05

enum verdict {
	VERDICT_NONE, /* there are no intervals, so no verdict */
	VERDICT_STEADY,
	VERDICT_GROWING,
	VERDICT_SHRINKING,
	VERDICT_UNKNOWN /* its interval excludes zero, but so many were tested that this may be chance */
};

/* "growing" and so on; NULL for VERDICT_NONE. */
const char *verdict_name(enum verdict verdict);

struct comparison_row {
	uint32_t group; /* index into groups; of the total, their number */
	enum verdict verdict;
	double growth_bytes, growth_objects;
	double p, q;        /* NaN without intervals, and in most rows whose growth chance explains: see below */
	double churn_bytes; /* allocated in the period */
	uint32_t changes;   /* samples that are fresh or gone, as far as they fit */
	bool is_hotspot;    /* of churn */
};

struct comparison {
	const struct profile *before, *after; /* not owned */
	bool same_process;
	bool has_intervals;
	double seconds;  /* the length of the period; NaN if unknown */
	double rate;     /* the larger of the two rates; 0: a profile has none */
	bool could_miss; /* the profiles are of two moments, and a sample may not have been taken in between */
	struct reach_table reach;
	struct group_table groups;
	struct comparison_row *rows; /* one a group, ordered by growth in bytes, largest first */
	uint32_t count;
	struct comparison_row total;
	struct row_sources sources; /* of what the rows say */
	struct churn_counters churn_counters;
	double grown_bytes, shrunk_bytes; /* all growth above 0, all below 0 (as a positive number) */
	uint32_t *churn; /* hotspots as indices into rows, by bytes allocated a second, largest first */
	uint32_t churn_count;
	struct spreads spreads; /* none unless comparison_find_spreads() found some */
};

/* Both profiles must have been symbolized and must outlive the comparison. */
void comparison_build(struct comparison *comparison, const struct profile *before, const struct profile *after,
		      enum group_by by);
void comparison_free(struct comparison *comparison);

/* Finds what grew over many places, none of which alone is called growing; by places, whatever the rows are. */
void comparison_find_spreads(struct comparison *comparison);

/*
 * Most rows are shown to nobody, and most show no growth that is worth a test. So sums and intervals are computed for the rows
 * that are shown, p for those whose interval excludes zero, and q for those that are called: no verdict depends on a p
 * above CALL_Q. The total has a p, and no q.
 */

/* What a row, or the total, is made of. */
struct row_sums comparison_sums(const struct comparison *comparison, const struct comparison_row *row);

/* What it allocated and freed again. */
struct churn comparison_churn(const struct comparison *comparison, const struct comparison_row *row);

/* Computes p and q of all rows. */
void comparison_test_all(struct comparison *comparison);

struct growth_intervals {
	struct interval bytes, objects; /* of growth */
	struct interval after_bytes;    /* of what is in use after */
};
/* With has_intervals. */
struct interval comparison_growth(const struct comparison *comparison, const struct row_sums *sums); /* bytes */
struct growth_intervals comparison_intervals(const struct comparison *comparison, const struct row_sums *sums);

/* Whether both have this value. Without bytes in use there is nothing to compare: callers see to those. */
static inline bool comparison_has(const struct comparison *comparison, enum call_value value)
{
	return profile_has(comparison->before, value) && profile_has(comparison->after, value);
}

/* The snapshot that a recording's last one is compared with where the user names the recording alone: the nearest to a
 * quarter of the time between, so that what a program allocates while it starts is not taken for growth. Snapshots taken
 * at a peak were selected by their value: one of them serves only where there is no other. NULL where no entry is older
 * than the last snapshot. */
const struct recording_entry *recording_choose_before(const struct recording *recording, const struct profile *last);

/* Opens it, or where it can't be read the next in that order, and marks those that can't. NULL and not `found`: there is none,
 * and the error is not set. */
struct profile *recording_open_before(struct recording *recording, const struct profile *last, bool *found,
				      struct error *error);

#endif
