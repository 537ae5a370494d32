/* SPDX-License-Identifier: Apache-2.0 */
/* The verdict on one group. Called by leaks_build() only. */
#ifndef SEEP_LEAKS_JUDGE_H
#define SEEP_LEAKS_JUDGE_H

#include "leaks/history.h"

/* Fills evidence, verdict and leak rate of the row at `index`; growth, q, churn and sums are there already. */
void leak_row_judge(struct leak_row *row, const struct leaks *leaks, const struct history *history);

#endif
