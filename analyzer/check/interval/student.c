/* SPDX-License-Identifier: Apache-2.0 */
/*
 * P(|T| > t) = I(v / (v + t^2); v/2, 1/2), the regularized incomplete beta function (M. Abramowitz & I. Stegun,
 * Handbook of Mathematical Functions, 26.7.1 and 26.5.27). Its continued fraction (26.5.8) gives the value, by Lentz's
 * method; bisection gives the quantile.
 */
#include "check/interval/student.h"

#include <math.h>

#define TINY 1e-300
#define FRACTION_STEPS 300
#define FRACTION_NEAR 1e-14
#define BISECTIONS 90

static double lentz(double value)
{
	return fabs(value) < TINY ? TINY : value;
}

static double beta_fraction(double x, double a, double b)
{
	double c = 1, d = 1 / lentz(1 - (a + b) * x / (a + 1)), fraction = d;

	for (int m = 1; m <= FRACTION_STEPS; m++) {
		const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
		const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
		d = 1 / lentz(1 + even * d);
		c = lentz(1 + even / c);
		fraction *= c * d;
		d = 1 / lentz(1 + odd * d);
		c = lentz(1 + odd / c);
		fraction *= c * d;
		if (fabs(c * d - 1) < FRACTION_NEAR)
			break;
	}
	return fraction;
}

/* `y` is 1 - x: if x is close to 1, the subtraction would lose digits. */
static double beta_regularized(double x, double y, double a, double b)
{
	const double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(y));

	if (x < (a + 1) / (a + b + 2))
		return front * beta_fraction(x, a, b) / a;
	return 1 - front * beta_fraction(y, b, a) / b;
}

double student_quantile(double alpha, double degrees)
{
	/* Bisects log(t): with one degree, t is about 1/alpha. */
	double low = -40, high = 700;

	for (int i = 0; i < BISECTIONS && high - low > 1e-12; i++) {
		const double middle = low + (high - low) / 2;
		/* t^2 may be larger than a double holds; its share of the whole is not. */
		const double odds = exp(2 * middle - log(degrees));
		const double x = 1 / (1 + odds), y = isfinite(odds) ? odds / (1 + odds) : 1;
		if (x > 0 && beta_regularized(x, y, degrees / 2, 0.5) > alpha)
			low = middle;
		else
			high = middle;
	}
	return exp(low + (high - low) / 2);
}
