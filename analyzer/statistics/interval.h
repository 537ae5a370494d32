/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How sure a number is that was estimated from samples: intervals for one set of samples and for the difference of two,
 * and the test that belongs to them. docs/SAMPLING.md derives and checks them.
 *
 * `alpha` is the chance that an interval leaves out: 0.05 for 95 %. `unseen` is the most for which one sample that was
 * not taken could have stood (unseen_bytes() and unseen_objects()): it bounds a set that showed no sample; 0 leaves
 * that bound out.
 */
#ifndef SEEP_STATISTICS_INTERVAL_H
#define SEEP_STATISTICS_INTERVAL_H

#include <stdbool.h>

#include <seep/measure.h>

#define ALPHA 0.05 /* of every interval that is printed */

struct interval {
	double low, high;
};

static inline struct interval interval_times(struct interval interval, double factor)
{
	return (struct interval){interval.low * factor, interval.high * factor};
}

/* The gamma interval of one set of samples. */
struct interval sum_interval(const struct seep_sum *sum, double unseen, double alpha);
/* Its ends, each by itself: quantiles are most of what many places cost. */
double sum_low_shown(const struct seep_sum *sum, double alpha);
double sum_high(const struct seep_sum *sum, double unseen, double alpha);

/*
 * The lower end for a set that is shown only if it has at least `least` samples. Sets that happened to show more
 * samples are shown more often, so the usual end would be too high too often.
 */
double sum_low_selected(const struct seep_sum *sum, double least, double alpha);

/* The interval of fresh - gone, two sets that have no sample in common. */
struct interval difference_interval(const struct seep_sum *fresh, const struct seep_sum *gone, double unseen,
				    double alpha);

/* Quantiles of the ends, on a grid of effective numbers of samples; zero-initialised, and filled as needed. */
enum { REACH_STEPS = 16, REACH_DOUBLINGS = 24, REACH_POINTS = REACH_STEPS * REACH_DOUBLINGS + 1 };
struct reach_table {
	double low[REACH_POINTS], high[REACH_POINTS];
};

/* Whether difference_interval() at ALPHA excludes 0; the table nearly always decides that. */
bool difference_excludes_zero(struct reach_table *table, const struct seep_sum *fresh, const struct seep_sum *gone,
			      double unseen);

/* The two-sided p-value of "no difference": the smallest alpha at which difference_interval() excludes 0, so that p <=
 * alpha exactly if that interval excludes 0. 1 if none does; 0 if all do (nothing is uncertain). */
double difference_p_value(const struct seep_sum *fresh, const struct seep_sum *gone, double unseen);

/*
 * `unseen` for a set of samples; `ever` is everything that its site has allocated. Bytes: the rate, for which a sample
 * of a small object stands. Objects: the largest weight that the site ever showed. So an interval of objects covers
 * only objects that are no smaller than measure_smallest() of `ever`: nothing bounds how many smaller ones there may
 * be, of which none was sampled. At a rate of 1 nothing is missed.
 */
double unseen_bytes(double rate);
double unseen_objects(double rate, const struct seep_sum *ever);

#endif
