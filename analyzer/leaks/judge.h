/* SPDX-License-Identifier: Apache-2.0 */
/* The verdict on one group. Called by leaks_build() only. */
#ifndef SEEP_LEAKS_JUDGE_H
#define SEEP_LEAKS_JUDGE_H

#include "leaks/group_lives.h"

/* Fills evidence, verdict and leak rate of the row; growth, q, churn and sums are there already. `room` has space for
 * the objects of any group. */
void leak_row_judge(struct leak_row *row, const struct group_lives *lives, struct follow_up *room);

#endif
