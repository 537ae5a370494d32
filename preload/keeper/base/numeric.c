/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log by atanh: x = m 2^e with m in [sqrt(1/2), sqrt(2)], then
 * log m = 2 atanh((m-1)/(m+1)), whose series converges by 1/34 a term.
 * 1 - exp(-x) by its Taylor series below ln 2, of which small x (objects much
 * smaller than the rate, nearly all) needs few terms; above, exp by reduction to
 * |r| <= ln(2)/2 and a power of two, where the subtraction loses nothing.
 */
#include "keeper/base/numeric.h"

#include <stdint.h>
#include <string.h>

#define LN2 0.693147180559945309417232121458176568
#define SQRT2 1.41421356237309504880
#define SMALL (1.0 / 256) /* below it seven terms leave x^7/8!, 3e-22 of the result */

static const double one_by[] = {0,        1.0,      1.0 / 2,  1.0 / 3,  1.0 / 4,  1.0 / 5,  1.0 / 6,  1.0 / 7,
				1.0 / 8,  1.0 / 9,  1.0 / 10, 1.0 / 11, 1.0 / 12, 1.0 / 13, 1.0 / 14, 1.0 / 15,
				1.0 / 16, 1.0 / 17, 1.0 / 18, 1.0 / 19, 1.0 / 20, 1.0 / 21, 1.0 / 22, 1.0 / 23};

static double power_of_two(int exponent)
{
	uint64_t bits = (uint64_t)(exponent + 1023) << 52;
	double value;
	memcpy(&value, &bits, sizeof value);
	return value;
}

double numeric_log(double x)
{
	uint64_t bits;
	memcpy(&bits, &x, sizeof bits);
	int exponent = (int)(bits >> 52) - 1023;
	bits = (bits & ((UINT64_C(1) << 52) - 1)) | UINT64_C(1023) << 52;
	double mantissa;
	memcpy(&mantissa, &bits, sizeof mantissa);
	if (mantissa > SQRT2) {
		mantissa *= 0.5;
		exponent++;
	}
	double s = (mantissa - 1) / (mantissa + 1), square = s * s, series = 0;
	for (int n = 23; n >= 1; n -= 2)
		series = series * square + one_by[n];
	return 2 * s * series + exponent * LN2;
}

double numeric_one_minus_exp(double x)
{
	if (x < LN2) {
		/* x - x^2/2! + x^3/3! - ... from the small end */
		double series = 0;
		for (int n = x < SMALL ? 7 : 18; n >= 1; n--)
			series = (1 - series) * (x * one_by[n]);
		return series;
	}
	if (x > 700)
		return 1;
	int exponent = (int)(x / LN2 + 0.5);
	double r = exponent * LN2 - x, series = 1;
	for (int n = 16; n >= 1; n--)
		series = 1 + series * (r * one_by[n]);
	return 1 - series * power_of_two(-exponent);
}
