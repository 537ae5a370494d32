/* SPDX-License-Identifier: Apache-2.0 */
/* The median of a log2 histogram, as lifetime.h says. */
#include "statistics/lifetime.h"

#include <math.h>

double lifetime_median_ns(const double objects[LIFETIME_BINS])
{
	double total = 0;
	double below = 0;

	for (int bin = 0; bin < LIFETIME_BINS; bin++)
		total += objects[bin];
	if (!(total > 0))
		return NAN;
	for (int bin = 0; bin < LIFETIME_BINS; bin++) {
		if (objects[bin] > 0 && below + objects[bin] >= total / 2) {
			const double share = (total / 2 - below) / objects[bin];
			return bin == 0 ? 2 * share : exp2(bin + share);
		}
		below += objects[bin];
	}
	return NAN; /* only rounding can lead here */
}
