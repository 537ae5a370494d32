/* SPDX-License-Identifier: Apache-2.0 */
#include "check/weigh.h"

#include <math.h>

#define RUNS_MOST 50     /* nobody makes more runs to decide a budget */
#define RATE_LEAST 1024  /* a lower rate slows a program down too much for what it tells */
#define DOUBTFUL_PART 10 /* a value this near to its limit (as a part of its interval) needs a better limit */

/* The estimate is between the ends: one of them tells. */
enum weight standing_weigh(const struct standing *standing)
{
	bool is_beyond = true;

	for (int i = 0; i < standing->count; i++) {
		const struct contrast *contrast = &standing->contrasts[i];
		const enum contrast_glance glance = contrast_glance(contrast);
		const bool is_close = glance == GLANCE_CLOSE, is_above = contrast_value(contrast) > 0;
		if (glance == GLANCE_WITHIN || (is_close && !is_above && contrast_high(contrast, ALPHA) <= 0))
			return WEIGHT_WITHIN;
		is_beyond = is_beyond && is_close && is_above && contrast_low(contrast, ALPHA) > 0;
	}
	return is_beyond ? WEIGHT_BEYOND : WEIGHT_OPEN;
}

double standing_p_beyond(const struct standing *standing)
{
	double p = 0;

	for (int i = 0; i < standing->count; i++)
		p = fmax(p, contrast_p_above(&standing->contrasts[i]));
	return p;
}

void row_fill(struct check_row *row, const struct contrast *contrast)
{
	row->low = contrast_low(contrast, ALPHA) + row->limit;
	/* The error of a base may be larger than the value; but only growth can be less than nothing. */
	if (row->budget->measure != CHECK_GROWTH)
		row->low = fmax(row->low, 0);
	row->high = contrast_high(contrast, ALPHA) + row->limit;
}

static double side_rate(const struct check_runs *runs, enum check_side side)
{
	double rate = 0;

	for (size_t i = 0; i < runs->count[side]; i++)
		rate = fmax(rate, (double)run_profile(runs, &runs->items[side][i], MOMENT_NOW)->rate);
	return rate;
}

/* Errors shrink with the square root of the number of samples and of runs. */
void row_advise(struct check_row *row, const struct contrast *contrast, const struct check_runs *runs, double chance)
{
	struct contrast sampling = *contrast;
	const double value = contrast_value(contrast);
	const double distance = fabs(value);
	const double reach =
	    value > 0 ? value - contrast_low(contrast, 2 * chance) : contrast_high(contrast, ALPHA) - value;

	sampling.degrees = 0;
	const double by_sampling =
	    value > 0 ? value - contrast_low(&sampling, 2 * chance) : contrast_high(&sampling, ALPHA) - value;
	const double between = sqrt(fmax(reach * reach - by_sampling * by_sampling, 0));
	if (distance * DOUBTFUL_PART < reach || !(reach > 0))
		return;
	const size_t after = runs->count[SIDE_AFTER], base = row->budget->is_relative ? runs->count[SIDE_BASE] : 0;
	const double fewest = (double)(base && base < after ? base : after);
	const double needed = ceil(fewest * reach * reach / (distance * distance)) + 1;
	if (needed <= RUNS_MOST)
		row->needed_runs = (uint32_t)needed;
	/* The differences between runs stay at any rate. */
	const double left = distance * distance - between * between;
	const double rate = fmax(side_rate(runs, SIDE_AFTER), side_rate(runs, SIDE_BASE));
	const double enough = left > 0 ? exp2(floor(log2(rate * left / (by_sampling * by_sampling)))) : 0;
	if (enough >= RATE_LEAST && enough < rate)
		row->needed_rate = enough;
}
