/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Horvitz-Thompson sums (Horvitz & Thompson 1952): a sample taken with
 * probability p counts 1/p times; its share of the variance is w^2 (1-p)/p^2
 * for independent samples.
 */
#include "statistics/measure.h"

#include <math.h>

/* A sample is certain if the chance of having missed it is below this, as in <seep/measure.h>. */
#define CERTAIN_MISS 1e-4

static void sum_add_sample(struct seep_sum *sum, double weight, double probability, double miss)
{
	if (miss < CERTAIN_MISS) {
		sum->certain += weight;
		return;
	}
	sum->uncertain += weight / probability;
	sum->variance += weight * weight * miss / (probability * probability);
	sum->largest = fmax(sum->largest, weight / probability);
}

void measure_add_part(struct seep_measure *measure, uint64_t size, uint64_t rate, double part)
{
	const double points =
	    (size ? (double)size : 1) / (double)(rate ? rate : 1); /* the countdown takes one byte for a size of 0 */
	const double miss = rate <= 1 ? 0 : exp(-points);
	const double probability = rate <= 1 ? 1 : -expm1(-points);

	measure->samples++;
	sum_add_sample(&measure->bytes, part, probability, miss);
	sum_add_sample(&measure->objects, 1, probability, miss);
}

void measure_add_sample(struct seep_measure *measure, uint64_t size, uint64_t rate)
{
	measure_add_part(measure, size, rate, (double)size);
}

void sum_include(struct seep_sum *sum, const struct seep_sum *more)
{
	sum->uncertain += more->uncertain;
	sum->variance += more->variance;
	sum->largest = fmax(sum->largest, more->largest);
	sum->certain += more->certain;
}

void measure_add(struct seep_measure *measure, const struct seep_measure *more)
{
	measure->samples += more->samples;
	sum_include(&measure->bytes, &more->bytes);
	sum_include(&measure->objects, &more->objects);
}

double measure_smallest(const struct seep_measure *measure, double rate)
{
	if (rate <= 1)
		return 0;
	return -rate * (measure->objects.largest > 1 ? log1p(-1 / measure->objects.largest) : log(CERTAIN_MISS));
}

/* Two large sums that differ only in the order of their additions differ by rounding; that is not a sample. */
static double gained(double earlier, double later)
{
	const double gain = later - earlier;

	return gain > later * 1e-12 ? gain : 0;
}

static struct seep_sum sum_since(const struct seep_sum *earlier, const struct seep_sum *later)
{
	return (struct seep_sum){
	    .uncertain = gained(earlier->uncertain, later->uncertain),
	    .variance = gained(earlier->variance, later->variance),
	    .largest = later->largest,
	    .certain = gained(earlier->certain, later->certain),
	};
}

struct seep_measure measure_since(const struct seep_measure *earlier, const struct seep_measure *later)
{
	return (struct seep_measure){
	    .samples = later->samples > earlier->samples ? later->samples - earlier->samples : 0,
	    .bytes = sum_since(&earlier->bytes, &later->bytes),
	    .objects = sum_since(&earlier->objects, &later->objects),
	};
}
