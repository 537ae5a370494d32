/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leak, cache or load? A verdict for each site from the whole series of a recording's snapshots, with its evidence.
 * docs/SAMPLING.md has the rule and its reasons.
 *
 * The series has the snapshots by the timer; those at a peak were selected by their value, and are left out. It is
 * judged as of its last snapshot, the reference. Every stack that any of its snapshots has is in the reference, since
 * counters only grow; so groups are those of the reference.
 */
#ifndef SEEP_LEAKS_LEAKS_H
#define SEEP_LEAKS_LEAKS_H

#include <stdbool.h>

#include "leaks/leak_row.h"
#include "series/series.h"

/* "leak", as in documents. */
const char *leak_verdict_name(enum leak_verdict verdict);

static inline bool leak_is_sure(const struct leak_row *row)
{
	return row->verdict == LEAK_LEAK && row->cautions == 0;
}

/* Snapshots by the timer that any verdict but `unknown` needs. */
#define LEAK_SERIES_LEAST 3

/* Reference and middle of the series must have been symbolized, and must outlive the result. With LEAK_JUDGED, a series
 * that can't be judged has no rows. */
void leaks_build(struct leaks *leaks, const struct series *series, enum group_by by, enum leak_detail detail);
void leaks_free(struct leaks *leaks);

/* The bytes that a row has in use. */
struct interval leak_row_in_use(const struct leaks *leaks, const struct leak_row *row);

/* The number of spreads with this verdict. */
uint32_t leaks_spread_count(const struct leaks *leaks, enum leak_verdict verdict);

/* Whether anything leaks: a row, or many rows together. */
static inline bool leaks_any(const struct leaks *leaks)
{
	return leaks->verdicts[LEAK_LEAK] + leaks_spread_count(leaks, LEAK_LEAK) > 0;
}

/* The rows and spreads with this verdict, the surest first; the caller frees the array. */
struct leak_row *leaks_rows_and_spreads(const struct leaks *leaks, enum leak_verdict verdict, uint32_t *count);

/* For qsort: by verdict, then the surest first. */
int leak_row_compare(const void *left, const void *right);

/* Fills the rate of all leaks together: their sums add, so the interval is that of the added sum. */
void leaks_add_rates(struct leaks *leaks);

/* The rows with this verdict, leaks->verdicts[verdict] of them. */
const struct leak_row *leaks_rows(const struct leaks *leaks, enum leak_verdict verdict);

/*
 * When memory will be full, at the pace of all leaks together: `limit` is the tightest known limit, `used` counts
 * against it. False: there is no leak or no limit.
 */
struct leak_limit {
	const char *name;      /* "cgroup limit", ... */
	double limit, used;    /* bytes */
	double seconds;        /* until the limit is reached */
	struct interval bound; /* the same at the fastest and the slowest pace in the rate's interval */
};
bool leaks_limit(const struct leaks *leaks, struct leak_limit *limit);

#endif
