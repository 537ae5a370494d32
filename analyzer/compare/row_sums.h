/* SPDX-License-Identifier: Apache-2.0 */
/* The sums of a comparison's row. Few rows are shown, so the sums are not kept: they are added up from the row's
 * sites. */
#ifndef SEEP_COMPARE_ROW_SUMS_H
#define SEEP_COMPARE_ROW_SUMS_H

#include <stdbool.h>

#include "compare/group.h"

struct row_sums {
	struct seep_measure before, after; /* in use */
	struct seep_measure allocated;     /* since recording began, in the later profile */
	struct seep_measure fresh, gone;   /* samples; empty if there are none to match */
	struct seep_measure ever; /* all samples that the group has ever shown; they bound what may have gone unseen */
};

/* One of the two profiles. */
struct compared {
	struct group_sites sites;
	uint32_t *first_sample; /* by site, with one entry more */
	bool *shared;           /* by sample: the other profile has it, too; NULL: the other profile has none of them */
};

struct row_sources {
	struct compared before, after;
	bool same_process;
};

/* The arrays give the group of each site, below `count`. */
void row_sources_open(struct row_sources *sources, const struct profile *before, const struct profile *after,
		      const uint32_t *before_groups, const uint32_t *after_groups, uint32_t count);
void row_sources_close(struct row_sources *sources);

/* The sums of a group or, for the number of groups, of all. */
struct row_sums row_sums_of(const struct row_sources *sources, uint32_t group);

#endif
