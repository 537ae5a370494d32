/* SPDX-License-Identifier: Apache-2.0 */
/* The place to name for a budget that is about more than one place. */
#ifndef SEEP_CHECK_BLAME_H
#define SEEP_CHECK_BLAME_H

#include "check/check_row.h"

/* For a budget with a base, the place that grew most against it; otherwise the place that has most. `amount`: how much
 * that is, in the limit's unit. NULL: there is none, or no snapshot was taken at the peak that is beyond the limit. */
const struct group *blame_find(struct check *check, const struct budget *budget, double limit, double *amount);

#endif
