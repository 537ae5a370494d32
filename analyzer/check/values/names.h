/* SPDX-License-Identifier: Apache-2.0 */
/* Whether both sides of a check know equally much of a module's functions. What one side calls by its name, or sees as
 * a call of its own though it was inlined, looks new beside a side that has but addresses, or no line tables. */
#ifndef SEEP_CHECK_VALUES_NAMES_H
#define SEEP_CHECK_VALUES_NAMES_H

#include <stdbool.h>

#include "check/values/runs.h"

/* Whether all runs that have a module of that name know as much of it as this profile does. */
bool names_are_alike(const struct check_runs *runs, const struct profile *profile, uint32_t module);

/* The same of all modules of the first run. */
bool names_are_all_alike(const struct check_runs *runs);

#endif
