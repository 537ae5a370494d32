/* SPDX-License-Identifier: Apache-2.0 */
/* Which sites of each profile a budget counts, and in which of its cells. A budget of the process, of a module or of
 * named calls has one cell; a budget of each place (or function, and so on) has one for each that any profile has. */
#ifndef SEEP_CHECK_VALUES_SITES_H
#define SEEP_CHECK_VALUES_SITES_H

#include <stdbool.h>
#include <stdint.h>

#include "check/file/budgets.h"
#include "compare/group.h"
#include "profile/profile.h"

struct sites {
	struct profile *const *profiles; /* symbolized; borrowed */
	size_t count;
	struct group_table tables[GROUP_BY_COUNT];
	uint32_t **groups[GROUP_BY_COUNT]; /* by profile and site; NULL: not grouped yet */
};

void sites_init(struct sites *sites, struct profile *const *profiles, size_t count);
void sites_free(struct sites *sites);

/* The groups of all profiles' sites, which are made at the first request. */
const struct group_table *sites_table(struct sites *sites, enum group_by by);
const uint32_t *sites_groups(struct sites *sites, enum group_by by, size_t profile);

/* How many cells the budget has. */
uint32_t sites_cell_count(struct sites *sites, const struct budget *budget);

/* For each site of a profile, the cell that counts it, or CELL_NONE; the caller frees the array. */
#define CELL_NONE UINT32_MAX
uint32_t *sites_cells(struct sites *sites, const struct budget *budget, size_t profile);

/* For each site of a profile, whether it lies below such calls; the caller frees the array. */
bool *calls_find(const struct profile *profile, const struct call_pattern *calls);

/* Whether a group's module has a name of this pattern, without its directory. */
bool group_is_of_module(const struct group *group, const char *pattern);

#endif
