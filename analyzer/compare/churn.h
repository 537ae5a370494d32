/* SPDX-License-Identifier: Apache-2.0 */
/* Churn: the part of a comparison that asks what was allocated and freed again. Called by comparison_build() only. */
#ifndef SEEP_COMPARE_CHURN_H
#define SEEP_COMPARE_CHURN_H

#include "compare/comparison.h"

/* Fills rows[].churn and total.churn; the rows still lie in the order of the groups. The arrays give the group of each
 * site. */
void comparison_fill_churn(struct comparison *comparison, const uint32_t *before_groups, const uint32_t *after_groups);

/* Makes the list of hotspots; the rows have got their final order. */
void comparison_rank_churn(struct comparison *comparison);

#endif
