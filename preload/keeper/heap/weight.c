/* SPDX-License-Identifier: Apache-2.0 */
/* Horvitz-Thompson weights of one sample; see weight.h and docs/SAMPLING.md. */
#include "keeper/heap/weight.h"

#include "keeper/base/numeric.h"

#define CERTAIN 1e-4

struct weight weight_of(uint64_t size, uint64_t rate)
{
	double s = size ? (double)size : 1.0;
	double p = rate <= 1 ? 1.0 : numeric_one_minus_exp(s / (double)rate);
	double missed = 1 - p;
	if (missed < CERTAIN)
		return (struct weight){.certain = true, .bytes = (double)size, .objects = 1};
	return (struct weight){
	    .bytes = (double)size / p,
	    .objects = 1 / p,
	    .bytes_variance = (double)size * (double)size * missed / (p * p),
	    .objects_variance = missed / (p * p),
	};
}

static void sum_add(struct seep_sum *sum, bool certain, double value, double variance)
{
	if (certain) {
		sum->certain += value;
		return;
	}
	sum->uncertain += value;
	sum->variance += variance;
	if (value > sum->largest)
		sum->largest = value;
}

void weight_add_to_measure(struct seep_measure *measure, const struct weight *weight)
{
	measure->samples++;
	sum_add(&measure->bytes, weight->certain, weight->bytes, weight->bytes_variance);
	sum_add(&measure->objects, weight->certain, weight->objects, weight->objects_variance);
}
