/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The incomplete gamma function and its inverse.
 *
 * Sources. Series and continued fraction: NIST Digital Library of Mathematical
 * Functions (DLMF) 8.7.1 and 8.9.2, the fraction evaluated by the modified
 * Lentz method (Thompson & Barnett 1986). The factor in front of both:
 * C. Loader, "Fast and accurate computation of binomial probabilities" (2000),
 * which avoids the cancellation in x^a e^-x / Gamma(a) for large a. First
 * guess of a quantile: Wilson & Hilferty (1931). Quantiles for very many
 * degrees of freedom: the Cornish-Fisher expansion (Goldberg & Levine 1946,
 * Abramowitz & Stegun 26.4.17 and 26.2.49). Normal quantile: Abramowitz &
 * Stegun 26.2.23, made exact by Halley's steps on libm's erfc().
 */
#include "statistics/gamma.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define PI 3.14159265358979323846
#define STEPS_LIMIT 1000000 /* of series and fraction, each of which needs some multiples of sqrt(shape) */
#define MANY_DEGREES 1e6    /* from here on, the expansion is more exact than needed, and far cheaper */
#define STIRLING_SHAPE 10.0 /* from here on, Stirling's series for ln Gamma is exact to 1e-15 */

/* ln Gamma(a + 1) - (a ln a - a + ln(2 pi a) / 2), for a >= STIRLING_SHAPE (DLMF 5.11.1). */
static double stirling_error(double a)
{
	const double b = 1 / (a * a);

	return (1.0 / 12 -
		b * (1.0 / 360 - b * (1.0 / 1260 - b * (1.0 / 1680 - b * (1.0 / 1188 - b * 691 / 360360))))) /
	       a;
}

/* a ln(a/x) + x - a, without cancellation if x is near a (Loader's deviance part). */
static double deviance(double a, double x)
{
	if (fabs(x - a) > 0.1 * (x + a))
		return a * log(a / x) + x - a;
	const double v = (x - a) / (x + a);
	double sum = (x - a) * v;
	double term = 2 * a * v;

	/* a ln(a/x) = -2 a atanh(v); x - a = v (x + a). Adds up the series of their sum, term by term. */
	for (int k = 1; k < 1000; k++) {
		term *= v * v;
		const double next = sum - term / (2 * k + 1);
		if (next == sum)
			break;
		sum = next;
	}
	return sum;
}

/* x^a e^-x / Gamma(a + 1) */
static double gamma_factor(double a, double x)
{
	if (a < STIRLING_SHAPE)
		return exp(a * log(x) - x - lgamma(a + 1));
	return exp(-deviance(a, x) - stirling_error(a)) / sqrt(2 * PI * a);
}

/* P(a, x) / gamma_factor(a, x), for x < a + 1. */
static double lower_series(double a, double x)
{
	double term = 1;
	double sum = 1;

	for (int n = 1; n < STEPS_LIMIT && term > sum * DBL_EPSILON / 4; n++) {
		term *= x / (a + n);
		sum += term;
	}
	return sum;
}

/* Q(a, x) / gamma_factor(a, x), for x >= a + 1. */
static double upper_fraction(double a, double x)
{
	const double tiny = 1e-290;
	double b = x + 1 - a;
	double c = 1 / tiny;
	double d = 1 / b;
	double result = d;

	for (int n = 1; n < STEPS_LIMIT; n++) {
		const double numerator = n * (a - n);
		b += 2;
		d = numerator * d + b;
		c = b + numerator / c;
		if (fabs(d) < tiny)
			d = tiny;
		if (fabs(c) < tiny)
			c = tiny;
		d = 1 / d;
		result *= c * d;
		if (fabs(c * d - 1) < DBL_EPSILON)
			break;
	}
	return result * a;
}

double gamma_probability(double shape, double x, enum tail tail)
{
	if (!(shape > 0) || !(x >= 0))
		return NAN;
	if (x == 0)
		return tail == TAIL_LOWER ? 0 : 1;
	if (isinf(x))
		return tail == TAIL_LOWER ? 1 : 0;
	const double factor = gamma_factor(shape, x);
	const bool is_lower = x < shape + 1;
	const double part = factor * (is_lower ? lower_series(shape, x) : upper_fraction(shape, x));

	return fmin(is_lower == (tail == TAIL_LOWER) ? part : 1 - part, 1);
}

double normal_quantile(double probability, enum tail tail)
{
	if (!(probability >= 0 && probability <= 1))
		return NAN;
	const bool is_small = probability <= 0.5;
	const double p = is_small ? probability : 1 - probability;

	if (p == 0)
		return is_small == (tail == TAIL_LOWER) ? -INFINITY : INFINITY;
	const double t = sqrt(-2 * log(p));
	double z =
	    t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));

	/* z is the upper p-quantile to 4.5e-4; each of Halley's steps triples the number of digits. */
	for (int i = 0; i < 3; i++) {
		const double error = (erfc(z / sqrt(2)) / 2 - p) / (exp(-z * z / 2) / sqrt(2 * PI));
		z += error / (1 + z * error / 2);
	}
	return is_small == (tail == TAIL_LOWER) ? -z : z;
}

/* The expansion in powers of degrees^-1/2; z is the normal quantile of the same probability. */
static double quantile_of_many_degrees(double z, double degrees)
{
	const double root = sqrt(2 * degrees);
	const double z2 = z * z;

	return degrees + z * root + 2.0 / 3 * (z2 - 1) + z * (z2 - 7) / (9 * root) -
	       (6 * z2 * z2 + 14 * z2 - 32) / (405 * degrees) +
	       z * (9 * z2 * z2 + 256 * z2 - 433) / (4860 * degrees * root);
}

/* A first guess of the ln x beyond which gamma's tail is `probability`. */
static double guess_log_quantile(double probability, enum tail tail, double shape)
{
	const double d = 2 * shape;
	const double cube = 1 - 2 / (9 * d) + normal_quantile(probability, tail) * sqrt(2 / (9 * d));

	/* Wilson-Hilferty; but far down the lower tail, P(a, x) tends to x^a / Gamma(a + 1). */
	if (cube > 0.1)
		return log(shape) + 3 * log(cube);
	return (log(probability) + lgamma(shape + 1)) / shape;
}

/*
 * Newton's method for ln tail(e^u) = ln probability. The logarithm of a gamma variable has a log-concave density, so
 * both tails are log-concave in u, and Newton's steps converge; the bracket catches steps that leave it.
 */
static double gamma_quantile(double probability, enum tail tail, double shape)
{
	const double target = log(probability);
	double low = -INFINITY;
	double high = INFINITY;
	double u = guess_log_quantile(probability, tail, shape);

	for (int i = 0; i < 200; i++) {
		const double x = exp(u);
		const double here = gamma_probability(shape, x, tail);
		const bool is_left = tail == TAIL_LOWER ? here < probability : here > probability;
		if (is_left)
			low = u;
		else
			high = u;
		const double slope = shape * gamma_factor(shape, x) / here * (tail == TAIL_LOWER ? 1 : -1);
		double next = u - (log(here) - target) / slope;
		if (fabs(next - u) < 1e-14 * fmax(1, fabs(u)))
			break;
		if (!(next > low && next < high)) {
			if (isinf(low))
				next = high - 1;
			else if (isinf(high))
				next = low + 1;
			else
				next = low + (high - low) / 2;
		}
		u = next;
	}
	return exp(u);
}

/* Programs ask for few sizes, so many sites have as many samples of one size, and the same quantiles: they are kept. */
enum { KEPT_BITS = 12 };
struct kept_quantile {
	double probability, degrees, quantile;
	enum tail tail;
};

/* Where a quantile is kept: another one of the same hash may be there, or none. */
static struct kept_quantile *kept_find(double probability, enum tail tail, double degrees)
{
	static _Thread_local struct kept_quantile kept[1 << KEPT_BITS];
	uint64_t bits[2];

	memcpy(bits, (const double[]){probability, degrees}, sizeof bits);
	return &kept[(bits[0] * 3 + bits[1] + tail) * UINT64_C(0x9e3779b97f4a7c15) >> (64 - KEPT_BITS)];
}

double chi_squared_quantile(double probability, enum tail tail, double degrees)
{
	if (!(probability >= 0 && probability <= 1) || !(degrees > 0))
		return NAN;
	if (probability > 0.5) { /* works on the smaller tail, which is the exact one */
		probability = 1 - probability;
		tail = tail == TAIL_LOWER ? TAIL_UPPER : TAIL_LOWER;
	}
	if (probability == 0)
		return tail == TAIL_LOWER ? 0 : INFINITY;
	if (degrees == 2) /* the exponential distribution */
		return -2 * (tail == TAIL_LOWER ? log1p(-probability) : log(probability));
	if (degrees >= MANY_DEGREES)
		return quantile_of_many_degrees(normal_quantile(probability, tail), degrees);
	struct kept_quantile *kept = kept_find(probability, tail, degrees);
	if (kept->probability != probability || kept->degrees != degrees || kept->tail != tail)
		*kept = (struct kept_quantile){probability, degrees, 2 * gamma_quantile(probability, tail, degrees / 2),
					       tail};
	return kept->quantile;
}
