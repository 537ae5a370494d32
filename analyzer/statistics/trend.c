/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sources. The slope: H. Theil (1950); its interval from the distribution of Kendall's S: P. K. Sen, Journal of the
 * American Statistical Association 63 (1968) 1379-1389. Points of a heap's series are not independent, since most of
 * what is alive in one snapshot still is in the next: the variance of S is therefore multiplied by K. H. Hamed & A. R.
 * Rao's factor (Journal of Hydrology 204 (1998) 182-196), made from the autocorrelation of the ranks that remain
 * without the trend. A factor below 1 is not used.
 */
#include "statistics/trend.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "statistics/selection.h"

#define Z 1.959963984540054

/* Mid-ranks of values, less their mean. */
static void ranks_of(const double *values, double *ranks, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		ranks[i] = 0;
		for (size_t k = 0; k < count; k++)
			ranks[i] += values[k] < values[i] ? 0.5 : values[k] > values[i] ? -0.5 : 0;
	}
}

/* Hamed and Rao's n/n*, from the lags whose correlation is significant. */
static double variance_factor(const double *times, const double *values, size_t count, double slope)
{
	double *rest = memory_allocate(2 * count, sizeof *rest);
	double *ranks = rest + count;
	const double n = (double)count;
	double whole = 0, sum = 0;

	for (size_t i = 0; i < count; i++)
		rest[i] = values[i] - slope * times[i];
	ranks_of(rest, ranks, count);
	for (size_t i = 0; i < count; i++)
		whole += ranks[i] * ranks[i];
	for (size_t lag = 1; lag + 2 < count && whole > 0; lag++) {
		const double m = (double)lag;
		double product = 0;
		for (size_t i = 0; i + lag < count; i++)
			product += ranks[i] * ranks[i + lag];
		const double correlation = product / whole;
		if (fabs(correlation) > Z / sqrt(n))
			sum += (n - m) * (n - m - 1) * (n - m - 2) * correlation;
	}
	free(rest);
	return fmax(1 + 2 / (n * (n - 1) * (n - 2)) * sum, 1);
}

struct trend trend_of(const double *times, const double *values, size_t count)
{
	if (count < TREND_LEAST)
		return (struct trend){NAN, {NAN, NAN}};
	const size_t pairs = count * (count - 1) / 2;
	const double n = (double)count;
	double *slopes = memory_allocate(2 * pairs, sizeof *slopes);
	struct selection selection = {.values = slopes, .scratch = slopes + pairs, .count = pairs};
	size_t filled = 0;

	for (size_t i = 0; i < count; i++) {
		for (size_t k = i + 1; k < count; k++)
			slopes[filled++] = (values[k] - values[i]) / (times[k] - times[i]);
	}
	const double slope = (select_place(&selection, (pairs - 1) / 2) + select_place(&selection, pairs / 2)) / 2;
	const double factor = variance_factor(times, values, count, slope);
	const double reach = Z * sqrt(n * (n - 1) * (2 * n + 5) / 18 * factor);
	const double low = floor(((double)pairs - reach) / 2);
	const double high = ceil(((double)pairs + reach) / 2);
	const struct trend trend = {
	    slope,
	    {select_place(&selection, low > 0 ? (size_t)low : 0),
	     select_place(&selection, high < (double)pairs ? (size_t)high : pairs - 1)},
	};
	free(slopes);
	return trend;
}
