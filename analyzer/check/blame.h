/* SPDX-License-Identifier: Apache-2.0 */
/* The place behind a budget that is about more than one. */
#ifndef SEEP_CHECK_BLAME_H
#define SEEP_CHECK_BLAME_H

#include "check/check_row.h"

/* Of a budget with a base the place that grew most against it, else that with most of the value; `amount`: by how much, or
 * how much, in the limit's unit. NULL: there is none. */
const struct group *blame_find(struct check *check, const struct budget *budget, double *amount);

#endif
