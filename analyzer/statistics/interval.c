/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sources. One set: the gamma interval for weighted sums of Poisson counts,
 * M. P. Fay & E. J. Feuer, "Confidence intervals for directly standardized
 * rates: a method based on the gamma distribution", Statistics in Medicine 16
 * (1997) 791-801. Their k, the largest weight, is here the largest that a
 * sample of the set could have had, were it not for chance: for bytes that is
 * the same (no weight is below the rate), for objects of mixed sizes it is not
 * (a set of one large block may have missed a thousand small ones).
 * Difference: MOVER, "method of variance estimates recovery", G. Y. Zou & A.
 * Donner, Statistics in Medicine 27 (2008) 1693-1702.
 *
 * Certain samples carry no doubt: they shift both ends and enter nothing else.
 */
#include "statistics/interval.h"

#include <math.h>
#include <stddef.h>

#include "statistics/gamma.h"
#include "statistics/measure.h"

#define P_SMALLEST 1e-300
#define P_NEAR 1e-11 /* of t, where p = exp(-t^2): 5e-10 of p at its smallest */
#define P_STEPS 60
#define TABLE_SLACK 1e-6 /* relative; far more than the rounding of any number that is compared with the table */
#define SURELY_SHOWN 30  /* expected samples: the chance that none of so many is seen is 1e-13 */
#define SECANT_STEPS 30  /* for the ends of selected sets; some six are needed */
#define SECANT_NEAR 1e-10
#define SMALLEST_LOG (-600) /* logarithm of a number of samples: smaller ones are not printed */

/* Sums that no samples can have (in a hostile file, or as the remainder of a difference of two large sums) must not
 * give nonsensical ends: a set has at least one sample's worth of evidence, so its variance is at most its square. */
static double variance_possible(double variance, double x)
{
	return fmin(variance, x * x);
}

/* Keeps the estimate between the ends, and the lower end at or above the certain part. */
static double low_guarded(const struct seep_sum *sum, double low)
{
	return low > sum->certain ? fmin(low, sum_estimate(sum)) : sum->certain;
}

static double high_guarded(const struct seep_sum *sum, double high)
{
	const double estimate = sum_estimate(sum);

	return high > estimate && isfinite(high) ? high : estimate;
}

/* Each end is a function of its own, because the p-value needs only one of them. */
static double sum_low(const struct seep_sum *sum, double alpha)
{
	const double x = sum->uncertain;
	const double v = variance_possible(sum->variance, x);

	if (!(x > 0))
		return sum->certain;
	if (!(v > 0))
		return sum->certain + x;
	return low_guarded(sum,
			   sum->certain + v / (2 * x) * chi_squared_quantile(alpha / 2, TAIL_LOWER, 2 * x * x / v));
}

/* Without any sample, x and v are 0, and chi-squared with two degrees of freedom is the exponential distribution: the
 * result is the Poisson zero, -k ln(alpha/2). */
double sum_high(const struct seep_sum *sum, double unseen, double alpha)
{
	const double k = fmax(sum->largest, unseen);
	const double x = sum->uncertain + k;
	const double v = variance_possible(sum->variance + k * k, x);

	if (!(v > 0))
		return sum->certain + sum->uncertain;
	return high_guarded(sum,
			    sum->certain + v / (2 * x) * chi_squared_quantile(alpha / 2, TAIL_UPPER, 2 * x * x / v));
}

/* By how much, in logarithms, exp(log_mean) expected events pass those at which `number` or more have a chance of alpha/2
 * among the cases of `least` or more. */
static double selected_excess(double number, double least, double alpha, double log_mean)
{
	const double mean = exp(log_mean);

	return log(gamma_probability(number, mean, TAIL_LOWER) / gamma_probability(least, mean, TAIL_LOWER) /
		   (alpha / 2));
}

/*
 * The usual end is where n events or more have a chance of alpha/2, n = x^2/v being the effective number. Here it is that
 * chance given that there are `least` or more, both being gamma probabilities. Their quotient's logarithm over the mean's is
 * concave, and never steeper than n - least: so two steps of that slope from the usual end stay above the root, and secants
 * from there on close in on it.
 */
double sum_low_selected(const struct seep_sum *sum, double least, double alpha)
{
	const double x = sum->uncertain;
	const double v = variance_possible(sum->variance, x);
	const double usual = sum_low(sum, alpha);

	if (!(x > 0) || !(v > 0) || !(least > 0))
		return usual;
	const double number = x * x / v;
	if (number <= least)
		return sum->certain;
	double last = log((usual - sum->certain) * x / v);
	double at_last = selected_excess(number, least, alpha, last);
	double next = last - at_last / (number - least);
	for (int i = 0; i < SECANT_STEPS && next > SMALLEST_LOG && fabs(next - last) > SECANT_NEAR; i++) {
		const double here = selected_excess(number, least, alpha, next);
		const double step = here * (next - last) / (here - at_last);
		last = next;
		at_last = here;
		next -= step;
	}
	return next > SMALLEST_LOG ? low_guarded(sum, sum->certain + exp(next) * v / x) : sum->certain;
}

/* A set without any sample is not shown, unless it has a certain part. */
double sum_low_shown(const struct seep_sum *sum, double alpha)
{
	const double low = sum_low(sum, alpha);
	const double v = variance_possible(sum->variance, sum->uncertain);

	if (sum->certain > 0 || low * sum->uncertain > SURELY_SHOWN * v)
		return low;
	return sum_low_selected(sum, 1, alpha);
}

struct interval sum_interval(const struct seep_sum *sum, double unseen, double alpha)
{
	return (struct interval){sum_low_shown(sum, alpha), sum_high(sum, unseen, alpha)};
}

/* How far the difference reaches towards the side where `less` is larger and `more` is smaller. */
static double difference_reach(const struct seep_sum *more, const struct seep_sum *less, double unseen, double alpha)
{
	return hypot(sum_estimate(more) - sum_low(more, alpha), sum_high(less, unseen, alpha) - sum_estimate(less));
}

struct interval difference_interval(const struct seep_sum *fresh, const struct seep_sum *gone, double unseen,
				    double alpha)
{
	const double growth = sum_estimate(fresh) - sum_estimate(gone);

	return (struct interval){
	    growth - difference_reach(fresh, gone, unseen, alpha),
	    growth + difference_reach(gone, fresh, unseen, alpha),
	};
}

/* The end's distance from 0, as a multiple of the estimate, for a set with as many samples as a chi-squared variable
 * has degrees of freedom: the quantile divided by its mean. */
static double table_low(struct reach_table *table, size_t point)
{
	const double degrees = 2 * exp2((double)point / REACH_STEPS);

	if (table->low[point] == 0)
		table->low[point] = chi_squared_quantile(ALPHA / 2, TAIL_LOWER, degrees) / degrees;
	return table->low[point];
}

static double table_high(struct reach_table *table, size_t point)
{
	const double degrees = 2 * exp2((double)point / REACH_STEPS);

	if (table->high[point] == 0)
		table->high[point] = chi_squared_quantile(ALPHA / 2, TAIL_UPPER, degrees) / degrees;
	return table->high[point];
}

/* The table's point below so many degrees; there are at least 2, except for rounding. */
static bool table_point(double degrees, size_t *point)
{
	const double at = log2(fmax(degrees, 2) / 2) * REACH_STEPS;

	*point = (size_t)fmin(at, REACH_POINTS);
	return *point + 2 < REACH_POINTS;
}

/*
 * From 2 degrees of freedom on (a set of samples always has so many), the lower quantile divided by its mean rises
 * towards 1, and the upper one falls. So the table's points on both sides bound what lies between them. A difference
 * that is shorter than the shortest reach, or longer than the longest, needs no quantile of its own.
 */
bool difference_excludes_zero(struct reach_table *table, const struct seep_sum *fresh, const struct seep_sum *gone,
			      double unseen)
{
	const double growth = sum_estimate(fresh) - sum_estimate(gone);
	const struct seep_sum *more = growth > 0 ? fresh : gone, *less = growth > 0 ? gone : fresh;
	const double x = more->uncertain, v = variance_possible(more->variance, x);
	const double k = fmax(less->largest, unseen), y = less->uncertain + k;
	const double w = variance_possible(less->variance + k * k, y);
	size_t low, high;

	if (growth == 0)
		return false;
	if (x > 0 && v > 0 && w > 0 && table_point(2 * x * x / v, &low) && table_point(2 * y * y / w, &high)) {
		const double shortest =
		    hypot(x * (1 - table_low(table, low + 1)), y * table_high(table, high + 1) - less->uncertain);
		const double longest =
		    hypot(x * (1 - table_low(table, low)), y * table_high(table, high) - less->uncertain);
		if (fabs(growth) < shortest * (1 - TABLE_SLACK))
			return false;
		if (fabs(growth) > longest * (1 + TABLE_SLACK))
			return true;
	}
	return fabs(growth) - difference_reach(more, less, unseen, ALPHA) > 0;
}

/* By how much `growth` exceeds the reach of chance at alpha = exp(-t^2); it falls as t grows, nearly along a straight
 * line. */
static double reach_left(const struct seep_sum *more, const struct seep_sum *less, double unseen, double t)
{
	const double growth = sum_estimate(more) - sum_estimate(less);

	return growth - difference_reach(more, less, unseen, exp(-t * t));
}

/*
 * The alpha at which the interval's end touches zero: false position with halved weights for the end that stays (the
 * Illinois method: M. Dowell & P. Jarratt, BIT 11 (1971) 168-174), which on a curve so nearly straight takes some six
 * steps.
 */
double difference_p_value(const struct seep_sum *fresh, const struct seep_sum *gone, double unseen)
{
	const bool has_grown = sum_estimate(fresh) > sum_estimate(gone);
	const struct seep_sum *more = has_grown ? fresh : gone;
	const struct seep_sum *less = has_grown ? gone : fresh;
	double low = 0, high = sqrt(-log(P_SMALLEST));
	double at_low = reach_left(more, less, unseen, low);
	double at_high = reach_left(more, less, unseen, high);
	double t = high;

	if (!(at_low > 0))
		return 1;
	if (at_high > 0)
		return 0;
	for (int i = 0; i < P_STEPS && high - low > P_NEAR; i++) {
		const double last = t;
		t = low + (high - low) * (at_low / (at_low - at_high));
		const double here = reach_left(more, less, unseen, t);
		if (fabs(t - last) < P_NEAR || here == 0)
			break;
		if (here > 0) {
			at_high /= t > last ? 2 : 1;
			low = t;
			at_low = here;
		} else {
			at_low /= t < last ? 2 : 1;
			high = t;
			at_high = here;
		}
	}
	return exp(-t * t);
}

double unseen_bytes(double rate)
{
	return rate > 1 ? rate : 0;
}

double unseen_objects(double rate, const struct seep_sum *ever)
{
	return rate > 1 ? ever->largest : 0;
}
