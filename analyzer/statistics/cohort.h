/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What became of the objects that a series of snapshots has seen alive: do objects that have reached an age still die,
 * and does the same share of them survive, whenever they were born? This tells leaks from caches.
 *
 * A death is known to lie between the last snapshot that had the object and the next one; it is taken to have happened
 * halfway. Deaths and the time at risk are followed up to the snapshot before the last: objects that died after that
 * may have been freed by a program that has begun to end.
 */
#ifndef SEEP_STATISTICS_COHORT_H
#define SEEP_STATISTICS_COHORT_H

#include <stddef.h>
#include <stdint.h>

#include <seep/measure.h>

#include "statistics/survival.h"

#define COHORTS 4 /* parts of time in which births are counted */

/* One sampled object as the series saw it. All times are of the same clock. */
struct follow_up {
	uint64_t birth_ns;
	uint64_t first_ns; /* of the first snapshot that had it */
	uint64_t last_ns;  /* of the last snapshot that had it */
	uint64_t gone_ns;  /* of the next snapshot, which did not have it; 0: it was alive at the end */
	uint64_t size, rate;
};

/* All objects, and the times of the snapshots; the last one is the end. */
struct follow_ups {
	const struct follow_up *objects;
	size_t count;
	const uint64_t *times_ns; /* in ascending order */
	size_t time_count;        /* at least 1 */
	struct follow_order
	    *order; /* the order of these objects, or of an array that contains them; NULL: it is made when needed */
};

/* Sorts objects by the age at which they died or were last seen: made once if several ages are looked at. */
struct follow_order *follow_order_create(const struct follow_ups *all);
void follow_order_free(struct follow_order *order);

/* What became of the objects that were seen past an age. Three functions fill its parts, as most ages need only the
 * first. */
struct cohort_outcome {
	uint64_t age_ns;
	double exposure_ns; /* the total time for which they were seen alive past that age */
	uint32_t deaths;    /* how many of them died */
	uint32_t survivors; /* how many are alive at the end and past that age */

	/* by cohort_survivors(): survivors by the part of time in which they were born: equal parts, from the first
	 * survivor's birth to the end less the age */
	uint32_t born[COHORTS];
	struct seep_measure lasting; /* survivors born at or after `from_ns` */

	/* by cohort_plateaus() */
	double
	    plateau; /* share that outlives every age seen, of those that reached this one (Kaplan-Meier, while three or more are at risk); 1 where
			   none died */
	double plateau_firm; /* the same while eight or more are at risk: no single late death weighs much */
};

struct cohort_outcome cohort_outcome_at(const struct follow_ups *all, uint64_t age_ns);
/* Both want the same objects again. `from_ns` only matters for `lasting`. */
void cohort_survivors(struct cohort_outcome *outcome, const struct follow_ups *all, uint64_t from_ns);
void cohort_plateaus(struct cohort_outcome *outcome, const struct follow_ups *all);

/* Of the bytes alive at one age, the share that is alive at a later one, too: Kaplan-Meier with delayed entry and
 * weights. */
struct survival_tail cohort_tail(const struct follow_ups *all, uint64_t from_ns, uint64_t to_ns);

/* Deaths are followed up to the snapshot before the last. */
double cohort_deaths_end(const struct follow_ups *all);

/* How many objects past that age died after a moment. */
uint32_t cohort_deaths_since(const struct follow_ups *all, uint64_t age_ns, double from_ns);

/* The p-value of "the mean remaining life past that age is `life_ns` or less": the chance of so few deaths in that
 * exposure, if they fell at random at that rate. 1 without any exposure. */
double cohort_p_value(const struct cohort_outcome *outcome, double life_ns);

#endif
