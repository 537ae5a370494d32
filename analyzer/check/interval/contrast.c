/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gamma intervals give the ends of `more` and of `less`, and MOVER joins them, as it does for a difference of two
 * snapshots (statistics/interval.c). The spread between runs is a third term: t times its standard error. If sampling
 * explains all of the spread, this is the interval of the runs' samples; if it explains nothing, it is the t interval.
 */
#include "check/interval/contrast.h"

#include <math.h>

#include "check/interval/student.h"
#include "statistics/gamma.h"
#include "statistics/measure.h"

#define P_SMALLEST 1e-300
#define P_STEPS 50
#define UNEXPLAINED 0.05

struct seep_sum sum_times(const struct seep_sum *sum, double factor)
{
	return (struct seep_sum){sum->uncertain * factor, sum->variance * factor * factor, sum->largest * factor,
				 sum->certain * factor};
}

double contrast_value(const struct contrast *contrast)
{
	return sum_estimate(&contrast->more) - sum_estimate(&contrast->less) - contrast->constant;
}

static double spread_reach(const struct contrast *contrast, double alpha)
{
	if (!contrast->degrees || !(contrast->spread > 0))
		return 0;
	return contrast->spread * (alpha == ALPHA ? contrast->usual_t : student_quantile(alpha, contrast->degrees));
}

double contrast_low(const struct contrast *contrast, double alpha)
{
	const double looked = fmax(alpha / fmax(contrast->looks, 1), P_SMALLEST);
	const double more = sum_estimate(&contrast->more) - sum_interval(&contrast->more, 0, looked).low;
	const double less =
	    sum_interval(&contrast->less, contrast->unseen_less, looked).high - sum_estimate(&contrast->less);

	return contrast_value(contrast) - hypot(hypot(more, less), spread_reach(contrast, looked));
}

double contrast_high(const struct contrast *contrast, double alpha)
{
	const double more =
	    sum_interval(&contrast->more, contrast->unseen_more, alpha).high - sum_estimate(&contrast->more);
	const double less = sum_estimate(&contrast->less) - sum_interval(&contrast->less, 0, alpha).low;

	return contrast_value(contrast) + hypot(hypot(more, less), spread_reach(contrast, alpha));
}

/*
 * Bounds of the distance between an end of the 95 % interval and the estimate. With N = x^2/v events, x being the sum
 * and v its variance, chi-squared's quantiles over 2 stay within N + 2.5 sqrt(N) + 0.2 and below N - 0.95 sqrt(N), from
 * N = 1 on.
 */
#define REACH_UP_MOST 2.5
#define REACH_UP_MORE 0.2
#define REACH_DOWN_LEAST 0.95

static double reach_up_most(const struct seep_sum *sum, double unseen)
{
	const double k = fmax(sum->largest, unseen), x = sum->uncertain + k, v = sum->variance + k * k;

	return k > 0 ? k + REACH_UP_MOST * sqrt(v) + REACH_UP_MORE * v / x : 0;
}

enum contrast_glance contrast_glance(const struct contrast *contrast)
{
	const double value = contrast_value(contrast);
	const double spread = spread_reach(contrast, ALPHA);
	const double up = reach_up_most(&contrast->more, contrast->unseen_more);

	if (value <= 0)
		return value + hypot(hypot(up, REACH_UP_MOST * sqrt(contrast->less.variance)), spread) <= 0
			   ? GLANCE_WITHIN
			   : GLANCE_CLOSE;
	const double less = fmax(contrast->less.largest, contrast->unseen_less);
	return value < hypot(hypot(REACH_DOWN_LEAST * sqrt(contrast->more.variance), less), spread) ? GLANCE_OPEN
												    : GLANCE_CLOSE;
}

/* The low end falls as t grows in alpha = exp(-t^2), nearly along a straight line. */
double contrast_p_above(const struct contrast *contrast)
{
	double low = 0, high = sqrt(-log(P_SMALLEST));

	if (!(contrast_value(contrast) > 0))
		return 1;
	if (contrast_low(contrast, P_SMALLEST) > 0)
		return 0;
	for (int i = 0; i < P_STEPS && high - low > 1e-9; i++) {
		const double middle = low + (high - low) / 2;
		if (contrast_low(contrast, exp(-middle * middle)) > 0)
			low = middle;
		else
			high = middle;
	}
	return exp(-low * low) / 2;
}

/* With a few runs the spread is uncertain itself, and t large. If a spread that chance makes counted as one of its own,
 * three runs would tell less than one. So a spread that sampling alone reaches in 95 of 100 cases counts as none. */
double spread_between(double squares, double variance, uint32_t count, uint32_t sides)
{
	const double degrees = (double)count - sides;

	if (!(degrees > 0) || squares <= chi_squared_quantile(UNEXPLAINED, TAIL_UPPER, degrees) * variance / count)
		return 0;
	return sqrt(squares / degrees);
}
