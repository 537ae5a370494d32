/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs held to budgets. A budget fails only where the value is proven to be beyond the limit, with all budgets and
 * places counted as tests; it passes only where the value's whole 95 % interval is within. Everything else is
 * undecided; its row says why, and what would decide it.
 */
#ifndef SEEP_CHECK_CHECK_H
#define SEEP_CHECK_CHECK_H

#include "check/check_row.h"

/* "pass", "undecided", "fail". */
const char *check_result_name(enum check_result result);

/* What the budgets need from the runs. */
struct runs_need check_need(const struct budgets *budgets);

/* `chance`: CHECK_CHANCE, or a part of it if several checks are made together. The runs must have been symbolized; all
 * arguments must outlive the check. */
void check_make(struct check *check, const struct budgets *budgets, struct check_runs *runs, double chance);
void check_free(struct check *check);

#endif
