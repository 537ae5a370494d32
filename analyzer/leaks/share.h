/* SPDX-License-Identifier: Apache-2.0 */
/* The share of a population that has some property, estimated from weighted samples. */
#ifndef SEEP_LEAKS_SHARE_H
#define SEEP_LEAKS_SHARE_H

#include <stdint.h>

#include "statistics/interval.h"

struct share_sum {
	uint64_t samples, with;     /* number of samples, and of those with the property */
	double weight, weight_with; /* what these stand for */
	double spread; /* sum of w (w - s), w being a sample's weight and s its own size: 0 if all are certain */
};

/* A sample of `size` bytes that was taken at `rate`. */
void share_add(struct share_sum *sum, uint64_t size, uint64_t rate, bool has_it);

/* NaN: there is no sample. */
double share_of(const struct share_sum *sum);

/* Wilson's interval, for the number of equal samples that would tell as much. If all samples are certain, its width is
 * 0. */
struct interval share_interval(const struct share_sum *sum, double alpha);

#endif
