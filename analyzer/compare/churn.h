/* SPDX-License-Identifier: Apache-2.0 */
/* Churn: what was allocated and freed again between two profiles. */
#ifndef SEEP_COMPARE_CHURN_H
#define SEEP_COMPARE_CHURN_H

#include <stdbool.h>
#include <stdint.h>

#include "compare/group.h"
#include "profile/profile.h"

/*
 * What was allocated and freed in the period. A churn hotspot is a group of which at least CHURN_TURNOVER times as
 * much was allocated in the period as is live at its end, and at least the detection limit (3 times the rate): its
 * memory comes and goes, and costs time rather than space. All rates are NaN where the period's length is not known.
 */
#define CHURN_TURNOVER 10
struct churn {
	struct seep_measure allocated, freed, freed_shortly, freed_remotely, freed_grown;
	double seconds; /* the length of the period; NaN if unknown */
	double bytes_per_second, allocations_per_second;
	double median_lifetime_ns; /* of the objects that were freed; NaN if none was */
	double shortly,
	    remotely; /* share of the freed objects: within 1 ms, by another thread; NaN if none was freed */
	double grown; /* share of the freed objects: by a realloc that asked for more */
	bool hotspot;
};

/* The period that churn is about. */
struct churn_period {
	const struct profile *before, *after;
	bool same_process; /* false: the counters of the later profile, since it began */
	double seconds;    /* NaN if unknown */
};

/* All that the churn of any group is computed from: few groups churn, and the numbers of one take half a KiB. */
struct churn_counters {
	struct churn_period period;
	struct group_sites before; /* by the groups that have their counters later; of one process alone */
	struct group_sites after;  /* not owned */
};

/* The arrays give the group of each site; what `after`, the later profile's sites by them, has must outlive the counters.
 */
void churn_open(struct churn_counters *counters, const struct churn_period *period, const uint32_t *before_groups,
		const uint32_t *after_groups, const struct group_sites *after);
void churn_close(struct churn_counters *counters);

/* All but `hotspot`, of a group or, for the number of groups, of all. */
struct churn churn_of(const struct churn_counters *counters, uint32_t group);
/* The same as its `allocated`. */
struct seep_measure churn_allocated(const struct churn_counters *counters, uint32_t group);

/* Is it a hotspot that allocated so much, with so much in use at the period's end? */
bool churn_is_hotspot(const struct seep_measure *allocated, const struct seep_measure *in_use, double rate);

#endif
