/* SPDX-License-Identifier: Apache-2.0 */
/* Which places the suppressions of a file of budgets take out of its budgets of each place and of leaks. */
#ifndef SEEP_CHECK_VALUES_SUPPRESS_H
#define SEEP_CHECK_VALUES_SUPPRESS_H

#include "check/file/budgets.h"
#include "check/values/sites.h"
#include "leaks/leaks.h"

/* By group: is every stack of it suppressed? The caller frees the array; NULL: nothing is. */
bool *suppressed_groups(const struct budgets *budgets, struct sites *sites, enum group_by by);
/* By site of a profile, likewise. */
bool *suppressed_sites(const struct budgets *budgets, struct sites *sites, size_t profile);
bool *suppressed_leaks(const struct budgets *budgets, const struct leaks *leaks);

/* By group of leaks: does any stack of it lie below such calls? The caller frees the array. */
bool *leaks_below(const struct leaks *leaks, const struct call_pattern *calls);

#endif
