/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What became of the objects that a series of snapshots has seen alive: do those that have reached an age still die,
 * and does the same share survive whenever it was born? This tells leaks from caches.
 *
 * A death is known to lie between the last snapshot that had the object and the
 * next one; it is taken to have happened halfway. Deaths and the time at risk
 * are followed up to the snapshot before the last: what died since then may
 * have been freed by a program that has begun to end.
 */
#ifndef SEEP_STATISTICS_COHORT_H
#define SEEP_STATISTICS_COHORT_H

#include <stddef.h>
#include <stdint.h>

#include <seep/measure.h>

#include "statistics/survival.h"

#define COHORTS 4 /* parts of time that births are counted by */

/* One sampled object as the series saw it. Times are of one clock. */
struct follow_up {
	uint64_t birth_ns;
	uint64_t first_ns; /* of the first snapshot that had it */
	uint64_t last_ns;  /* of the last one */
	uint64_t gone_ns;  /* of the next one, which did not; 0: it was alive at the end */
	uint64_t size, rate;
};

/* All of them, and when the snapshots were taken; the last one is the end. */
struct follow_ups {
	const struct follow_up *objects;
	size_t count;
	const uint64_t *times_ns; /* ascending */
	size_t time_count;        /* 1 or more */
	struct follow_order
	    *order; /* of these objects, or of an array that they are in; NULL: it is made where needed */
};

/* The order in which objects died or were seen last, by age: made once where several ages are looked at. */
struct follow_order *follow_order_create(const struct follow_ups *all);
void follow_order_free(struct follow_order *order);

/* What became of the objects that were seen past an age. */
struct cohort_outcome {
	uint64_t age_ns;
	double exposure_ns;     /* time that they were seen alive past that age, all together */
	uint32_t deaths;        /* among them */
	uint32_t survivors;     /* alive at the end and past that age */
	uint32_t born[COHORTS]; /* survivors by the part of time in which they were born: equal parts from the first
				   survivor's birth to the end less the age */
	struct seep_measure lasting; /* survivors born at or after `from_ns` */
	double
	    plateau; /* share that outlives every age seen, of those that reached this one (Kaplan-Meier, while three or more are at risk); 1 where
			   none died */
	double plateau_firm; /* the same while eight or more are at risk: no single late death weighs much */
};

/* `from_ns` concerns `lasting` alone. */
struct cohort_outcome cohort_outcome_at(const struct follow_ups *all, uint64_t age_ns, uint64_t from_ns);

/* The share of the bytes alive at one age that is alive at a later one, too: Kaplan-Meier with delayed entry and weights. */
struct survival_tail cohort_tail(const struct follow_ups *all, uint64_t from_ns, uint64_t to_ns);

/* Deaths are followed up to the snapshot before the last. */
double cohort_deaths_end(const struct follow_ups *all);

/* How many objects past that age died after a moment. */
uint32_t cohort_deaths_since(const struct follow_ups *all, uint64_t age_ns, double from_ns);

/* The p-value of "the mean remaining life past that age is `life_ns` or less": the chance of so few deaths in that
 * exposure, were they to fall at random at that rate. 1 without exposure. */
double cohort_p_value(const struct cohort_outcome *outcome, double life_ns);

#endif
