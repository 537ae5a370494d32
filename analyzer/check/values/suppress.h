/* SPDX-License-Identifier: Apache-2.0 */
/* Which places the suppressions of a file of budgets take out of its budgets of each place and of leaks. */
#ifndef SEEP_CHECK_VALUES_SUPPRESS_H
#define SEEP_CHECK_VALUES_SUPPRESS_H

#include "check/file/budgets.h"
#include "check/values/sites.h"
#include "leaks/leaks.h"

/* For each group, whether every stack of it is suppressed. The caller frees the array; NULL: no group is. */
bool *suppressed_groups(const struct budgets *budgets, struct sites *sites, enum group_by by);
/* The same for each site of a profile. */
bool *suppressed_sites(const struct budgets *budgets, struct sites *sites, size_t profile);
bool *suppressed_leaks(const struct budgets *budgets, const struct leaks *leaks);

/* For each group of leaks, whether any stack of it lies below such calls. The caller frees the array. */
bool *leaks_below(const struct leaks *leaks, const struct call_pattern *calls);

#endif
