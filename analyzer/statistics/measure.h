/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sums of samples: what <seep/measure.h> describes, made from single samples,
 * added, and subtracted where one set contains the other.
 */
#ifndef SEEP_STATISTICS_MEASURE_H
#define SEEP_STATISTICS_MEASURE_H

#include <stdbool.h>
#include <stdint.h>

#include <seep/measure.h>

/* Adds one sample of `size` bytes that was taken at `rate`. */
void measure_add_sample(struct seep_measure *measure, uint64_t size, uint64_t rate);

/* Its bytes alone. */
void measure_add_bytes(struct seep_sum *sum, uint64_t size, uint64_t rate);

/* The same if only a part of its bytes counts, such as those in memory: that does not make it less likely to be
 * sampled. */
void measure_add_part(struct seep_measure *measure, uint64_t size, uint64_t rate, double part);

static inline void sum_include(struct seep_sum *sum, const struct seep_sum *more)
{
	sum->uncertain += more->uncertain;
	sum->variance += more->variance;
	sum->largest = more->largest > sum->largest ? more->largest : sum->largest;
	sum->certain += more->certain;
}

static inline void measure_add(struct seep_measure *measure, const struct seep_measure *more)
{
	measure->samples += more->samples;
	sum_include(&measure->bytes, &more->bytes);
	sum_include(&measure->objects, &more->objects);
}

/* The gain between two moments of a sum that only grows. Estimates are exact to rounding and never negative; `largest`
 * is that of the later sum, since it is no longer known which sample had it. */
struct seep_measure measure_since(const struct seep_measure *earlier, const struct seep_measure *later);

/* The size of the smallest object that was sampled at `rate`, as its weight tells it; 0: every object was sampled. If
 * all samples are certain, it is the least size that is certain. */
double measure_smallest(const struct seep_measure *measure, double rate);

/* The estimate itself. */
static inline double sum_estimate(const struct seep_sum *sum)
{
	return sum->uncertain + sum->certain;
}

/* Whether some sample in the set stood for more than itself. */
static inline bool sum_is_uncertain(const struct seep_sum *sum)
{
	return sum->uncertain > 0;
}

#endif
