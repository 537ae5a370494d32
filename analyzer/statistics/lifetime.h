/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lifetimes of freed objects, in log2 bins: bin b holds [2^b, 2^(b+1)) ns, bin
 * 0 also 0 ns. All weights are estimated numbers of objects.
 */
#ifndef SEEP_STATISTICS_LIFETIME_H
#define SEEP_STATISTICS_LIFETIME_H

#define LIFETIME_BINS 64

/* The lifetime that half of the objects did not reach, in ns; NaN if there are none. It is interpolated within its bin
 * on the logarithm, as if lifetimes were spread evenly over the bin's octave (bin 0: evenly over its 2 ns), so at worst
 * it is off by a factor of two. */
double lifetime_median_ns(const double objects[LIFETIME_BINS]);

#endif
