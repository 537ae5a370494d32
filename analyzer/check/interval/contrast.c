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
#define P_NEAR 1e-7 /* of t, at which two steps are one */
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
	const double more = sum_estimate(&contrast->more) - sum_low_shown(&contrast->more, looked);
	const double less = sum_high(&contrast->less, contrast->unseen_less, looked) - sum_estimate(&contrast->less);

	return contrast_value(contrast) - hypot(hypot(more, less), spread_reach(contrast, looked));
}

double contrast_high(const struct contrast *contrast, double alpha)
{
	const double more = sum_high(&contrast->more, contrast->unseen_more, alpha) - sum_estimate(&contrast->more);
	const double less = sum_estimate(&contrast->less) - sum_low_shown(&contrast->less, alpha);

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

static double low_at(const struct contrast *contrast, double t)
{
	return contrast_low(contrast, fmax(exp(-t * t), P_SMALLEST));
}

/* Where the low end is 0. It falls as t grows in alpha = exp(-t^2), nearly along a straight line, so that the regula falsi needs
 * some five steps; an end that stays has its value halved (the Illinois rule), or it would stay for ever. */
double contrast_p_above(const struct contrast *contrast)
{
	double left = 0, right = sqrt(-log(P_SMALLEST)), at = right;
	bool moved_left = false;

	if (!(contrast_value(contrast) > 0))
		return 1;
	double value_left = low_at(contrast, left), value_right = low_at(contrast, right);
	if (value_right > 0)
		return 0;
	if (!(value_left > 0))
		return 0.5;
	for (int i = 0; i < P_STEPS; i++) {
		const double before = at;
		at = (left * value_right - right * value_left) / (value_right - value_left);
		const double value = low_at(contrast, at);
		if (fabs(at - before) < P_NEAR || value == 0)
			break;
		const bool moves_left = value > 0;
		if (moves_left)
			left = at, value_left = value;
		else
			right = at, value_right = value;
		if (i && moves_left == moved_left)
			*(moves_left ? &value_right : &value_left) /= 2;
		moved_left = moves_left;
	}
	return exp(-at * at) / 2;
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
