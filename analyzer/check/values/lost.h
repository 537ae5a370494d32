/* SPDX-License-Identifier: Apache-2.0 */
/* The memory that a run had lost when it ended: blocks that nobody referred to, by the place that asked for them. */
#ifndef SEEP_CHECK_VALUES_LOST_H
#define SEEP_CHECK_VALUES_LOST_H

#include "check/file/budgets.h"
#include "check/values/runs.h"
#include "check/values/sites.h"

struct lost_place {
	const struct group *group;
	struct seep_measure lost;
	double blocks_by_nobody; /* of its blocks; only lost blocks refer to the others */
};

struct lost_places {
	struct lost_place *items; /* the largest first */
	uint32_t count;
	bool is_known; /* false: nobody looked */
};

/* Whether names are needed: not where all budgets are of lost memory, and none is lost, as in most processes. */
bool lost_needs_names(const struct budgets *budgets, const struct check_runs *runs);

/* Finds the lost places that a budget counts and no suppression names. */
void lost_places_find(struct lost_places *places, const struct check_run *run, const struct budget *budget,
		      const struct budgets *budgets, struct sites *sites);
void lost_places_free(struct lost_places *places);

#endif
