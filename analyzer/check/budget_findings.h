/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first half of a check: each budget's cells are looked at, and are within the limit, can't be told, or are suspects.
 * The second half (check.c) decides about the suspects, once the number of all tests is known.
 */
#ifndef SEEP_CHECK_BUDGET_FINDINGS_H
#define SEEP_CHECK_BUDGET_FINDINGS_H

#include "check/check_row.h"
#include "check/interval/contrast.h"

/* A test that may have found something: a row with the p-value that it has taken alone. */
struct suspect {
	struct check_row row;
	struct contrast contrast;
	double p;
};

/* Of cells with the same result: the one nearest to its limit, or farthest beyond it. */
struct nearest {
	struct check_row row;
	struct contrast contrast;
	uint32_t count;
};

/* The results of a budget's cells. */
struct budget_findings {
	struct nearest within, open;
	struct suspect *suspects;
	size_t suspect_count, suspect_capacity;
	double tests;
};

/* A row that says nothing yet. */
struct check_row row_begin(const struct budget *budget);

/* How near to its limit the row is, as a share of the limit. */
double row_nearness(const struct check_row *row);

void nearest_keep(struct nearest *nearest, const struct check_row *row, const struct contrast *contrast);

/* Looks at all cells of a budget. `findings` is zeroed before. */
void budget_findings_make(struct budget_findings *findings, struct check *check, const struct budget *budget);
void budget_findings_free(struct budget_findings *findings);

#endif
