/* SPDX-License-Identifier: Apache-2.0 */
/* The verdict on one group. Only leaks_build() calls this. */
#ifndef SEEP_LEAKS_JUDGE_H
#define SEEP_LEAKS_JUDGE_H

#include "leaks/group_lives.h"

/* Fills the row's evidence, verdict and leak rate; its growth, q, churn and sums must be there already. `room` has
 * space for the objects of any group. */
void leak_row_judge(struct leak_row *row, const struct group_lives *lives, struct follow_up *room);

#endif
