/* SPDX-License-Identifier: Apache-2.0 */
/* Churn: memory that was allocated and freed again between two profiles. */
#ifndef SEEP_COMPARE_CHURN_H
#define SEEP_COMPARE_CHURN_H

#include <stdbool.h>
#include <stdint.h>

#include "compare/group.h"
#include "profile/profile.h"

/*
 * What was allocated and freed in the period. A group is a churn hotspot if at least CHURN_TURNOVER times as much was
 * allocated in the period as is live at its end, and at least the detection limit (3 times the rate): its memory comes
 * and goes, and costs time rather than space. All rates are NaN if the period's length is not known.
 */
#define CHURN_TURNOVER 10
struct churn {
	struct seep_measure allocated, freed, freed_shortly, freed_remotely, freed_grown;
	double seconds; /* the length of the period; NaN if unknown */
	double bytes_per_second, allocations_per_second;
	double median_lifetime_ns; /* of the objects that were freed; NaN: none was */
	double shortly, remotely; /* shares of the freed objects: within 1 ms, by another thread; NaN: none was freed */
	double grown;             /* share of the freed objects: by a realloc that asked for more */
	bool hotspot;
};

/* The period between two profiles. */
struct churn_period {
	const struct profile *before, *after;
	bool same_process; /* false: the counters are the later profile's, since it began */
	double seconds;    /* NaN if unknown */
};

/* Everything from which the churn of any group can be computed. It is not computed ahead: few groups churn, and the
 * numbers of each take half a KiB. */
struct churn_counters {
	struct churn_period period;
	struct group_sites before; /* sites by the groups that have their counters later; only for one process */
	struct group_sites after;  /* not owned */
};

/* The arrays give the group of each site. `after`, which holds the later profile's sites by group, must outlive the
 * counters. */
void churn_open(struct churn_counters *counters, const struct churn_period *period, const uint32_t *before_groups,
		const uint32_t *after_groups, const struct group_sites *after);
void churn_close(struct churn_counters *counters);

/* Everything but `hotspot`, for a group or, for the number of groups, for all. */
struct churn churn_of(const struct churn_counters *counters, uint32_t group);
/* Its `allocated` only. */
struct seep_measure churn_allocated(const struct churn_counters *counters, uint32_t group);

/* Whether a group with these amounts (allocated in the period, in use at its end) is a hotspot. */
bool churn_is_hotspot(const struct seep_measure *allocated, const struct seep_measure *in_use, double rate);

#endif
