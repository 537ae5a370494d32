/* SPDX-License-Identifier: Apache-2.0 */
/* From a cell's standing to a row: whether it is within, whether it is beyond, and if neither can be told, what would
 * tell. */
#ifndef SEEP_CHECK_WEIGH_H
#define SEEP_CHECK_WEIGH_H

#include "check/values/cells.h"
#include "check/check_row.h"

enum weight {
	WEIGHT_WITHIN, /* the 95 % interval is within a limit */
	WEIGHT_OPEN,
	WEIGHT_BEYOND /* it is beyond all limits, taken alone */
};
enum weight standing_weigh(const struct standing *standing);

/* For a cell that is beyond: the chance of looking like this although it is within the limit. */
double standing_p_beyond(const struct standing *standing);

/* The ends of a row's interval, around its value in the limit's unit. */
void row_fill(struct check_row *row, const struct contrast *contrast);

/* Finds the rate and the number of runs at which the interval would no longer contain the limit if the value stayed the
 * same. `chance`: what a test may leave to chance. */
void row_advise(struct check_row *row, const struct contrast *contrast, const struct check_runs *runs, double chance);

#endif
