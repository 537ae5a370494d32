/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gamma and chi-squared distributions for real shape and degrees of freedom, and the normal quantile: intervals
 * need nothing else.
 *
 * Accuracy: relative 1e-9 or better for degrees of freedom from 0.01 up and tails down to 1e-300, as long as the result
 * is a normal number. Nothing here allocates, prints or fails; arguments outside the domains below give NaN.
 */
#ifndef SEEP_STATISTICS_GAMMA_H
#define SEEP_STATISTICS_GAMMA_H

/* Which tail of a distribution a probability is about. Small tails keep their full relative accuracy on both sides,
 * which 1 - p would lose. */
enum tail {
	TAIL_LOWER, /* probability of a value below */
	TAIL_UPPER, /* probability of a value above */
};

/* The regularized incomplete gamma function: P(shape, x) for the lower tail, Q(shape, x) = 1 - P for the upper.
 * shape > 0, x >= 0. */
double gamma_probability(double shape, double x, enum tail tail);

/* The value that leaves `probability` (0 to 1) in the given tail of the chi-squared distribution. degrees > 0. */
double chi_squared_quantile(double probability, enum tail tail, double degrees);

/* The same for the standard normal distribution. */
double normal_quantile(double probability, enum tail tail);

#endif
