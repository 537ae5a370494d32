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

/* That a sample is taken of an object, or missed. */
struct chances {
	double taken, missed;
};

/* A place asks for one size again and again: its chances are computed once. */
static struct chances chances_of(uint64_t size, uint64_t rate)
{
	static _Thread_local struct {
		uint64_t size, rate;
		struct chances chances;
	} last = {.chances = {1, 0}}; /* at the rate 0 all are taken, as at 1 */

	if (size != last.size || rate != last.rate) {
		const double points =
		    (size ? (double)size : 1) / (double)(rate ? rate : 1); /* a size of 0 counts as 1 */
		last.size = size;
		last.rate = rate;
		last.chances = rate <= 1 ? (struct chances){1, 0} : (struct chances){-expm1(-points), exp(-points)};
	}
	return last.chances;
}

void measure_add_part(struct seep_measure *measure, uint64_t size, uint64_t rate, double part)
{
	const struct chances chances = chances_of(size, rate);

	measure->samples++;
	sum_add_sample(&measure->bytes, part, chances.taken, chances.missed);
	sum_add_sample(&measure->objects, 1, chances.taken, chances.missed);
}

void measure_add_sample(struct seep_measure *measure, uint64_t size, uint64_t rate)
{
	measure_add_part(measure, size, rate, (double)size);
}

void measure_add_bytes(struct seep_sum *sum, uint64_t size, uint64_t rate)
{
	const struct chances chances = chances_of(size, rate);

	sum_add_sample(sum, (double)size, chances.taken, chances.missed);
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
