/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A later run passes if the upper end of its interval is within the limit. So the limit needs room for the distance of
 * that run's value from the mean of these runs, and for the reach of its own interval.
 */
#include "check/suggest.h"

#include <math.h>

#include "check/interval/contrast.h"
#include "check/interval/student.h"
#include "check/values/cells.h"
#include "statistics/measure.h"

#define MISSED 0.01     /* share of later runs of the same program that may fail to pass */
#define REACH 2.2       /* of a 95 % interval, in standard deviations; its upper half is a little longer */
#define ROOM_LEAST 0.02 /* of the mean, at least: a program changes a little with every library */
#define ROOM_OF_ONE 0.1 /* the same for a single run, which does not show by how much runs differ */
/* RSS: file pages are in memory as other work on the machine leaves them, and the last look is some time before the end */
#define ROOM_OF_RSS 0.1
#define PLACE_STEP 5 /* in per cent */
#define PLACE_LEAST 10
/* times the process's error: a place has only a part of the samples, and the base has an error, too */
#define PLACE_ERROR 2
#define PLACE_REACH 3
#define PLACE_SAMPLES 12 /* a place with fewer samples says little about growth */

struct runs_need suggest_need(void)
{
	return (struct runs_need){.moments = 1u << MOMENT_NOW | 1u << MOMENT_LAST | 1u << MOMENT_PEAK, .leaks = true};
}

/* Rounds up to at most three digits. */
static double rounded_up(double value, bool is_of_bytes)
{
	double unit = 1;

	while (is_of_bytes && value / unit >= 1024)
		unit *= 1024;
	const double digit = pow(10, floor(log10(fmax(value / unit, 1))) - 2);
	return ceil(value / unit / digit) * digit * unit;
}

static void limit_find(struct suggestion *suggestion, size_t runs)
{
	const double total = fmax(suggestion->spread, suggestion->sampling);
	const double t = student_quantile(2 * MISSED, suggestion->spread > 0 ? (double)runs - 1 : 1e6);
	const double room = t * total * sqrt(1 + 1 / (double)runs) + REACH * suggestion->sampling;
	const double of_rss = check_measure_is_of_process(suggestion->measure) ? ROOM_OF_RSS : 0;
	const double least = suggestion->mean * (of_rss + (runs > 1 ? ROOM_LEAST : ROOM_OF_ONE));

	suggestion->limit =
	    rounded_up(suggestion->mean + fmax(room, least), check_measure_is_of_bytes(suggestion->measure));
}

static bool measure_suggest(struct suggestion *suggestion, const struct check_runs *runs, struct sites *sites,
			    const struct budget *budget)
{
	const size_t count = runs->count[SIDE_AFTER];
	double squares = 0, variance = 0;
	struct cells cells;

	*suggestion = (struct suggestion){.measure = budget->measure, .per_work = budget->per_work, .least = INFINITY};
	cells_open(&cells, runs, budget, sites);
	const bool is_known = cells.fault == SUMS_FINE;
	suggestion->mean = is_known ? cells_mean(&cells, SIDE_AFTER, 0) : 0;
	for (size_t i = 0; is_known && i < count; i++) {
		const struct seep_sum sum =
		    sum_times(&cells.of_run[SIDE_AFTER][i][0].more, 1 / cells.units[SIDE_AFTER][i]);
		const double value = sum_estimate(&sum), distance = value - suggestion->mean;
		suggestion->least = fmin(suggestion->least, value);
		suggestion->most = fmax(suggestion->most, value);
		squares += distance * distance;
		variance += sum.variance;
	}
	cells_close(&cells);
	suggestion->sampling = sqrt(variance / (double)count);
	suggestion->spread = spread_between(squares, variance, (uint32_t)count, 1);
	limit_find(suggestion, count);
	return is_known && suggestion->mean > 0;
}

static bool runs_leak(const struct check_runs *runs, bool *are_judged)
{
	bool leak = false;

	*are_judged = runs->count[SIDE_AFTER] > 0;
	for (size_t i = 0; i < runs->count[SIDE_AFTER]; i++) {
		const struct check_run *run = &runs->items[SIDE_AFTER][i];
		*are_judged = *are_judged && run->is_judged && run->leaks.can_judge;
		leak = leak || (run->is_judged && leaks_any(&run->leaks));
	}
	return leak;
}

static bool runs_count_work(const struct check_runs *runs)
{
	for (size_t i = 0; i < runs->count[SIDE_AFTER]; i++)
		if (!(run_work(runs, SIDE_AFTER, &runs->items[SIDE_AFTER][i], CHECK_ALLOCATED) > 0))
			return false;
	return true;
}

void suggest_make(struct suggestions *suggestions, const struct check_runs *runs)
{
	static const enum check_measure measures[] = {CHECK_IN_USE, CHECK_PEAK, CHECK_ALLOCATED, CHECK_ALLOCATIONS,
						      CHECK_RSS};
	const bool is_counted = runs_count_work(runs);
	double apart = 0, rate = 0; /* apart: how far two equal runs differ, as a share, at a place that has most */
	bool are_judged;
	struct sites sites;

	*suggestions = (struct suggestions){0};
	sites_init(&sites, runs->profiles, runs->profile_count);
	for (size_t i = 0; i < sizeof measures / sizeof *measures; i++) {
		const bool counts_up = measures[i] == CHECK_ALLOCATED || measures[i] == CHECK_ALLOCATIONS;
		const struct budget budget = {.measure = measures[i], .per_work = counts_up && is_counted};
		struct suggestion *suggestion = &suggestions->items[suggestions->count];
		if (!measure_suggest(suggestion, runs, &sites, &budget))
			continue;
		suggestions->count++;
		if (measures[i] == CHECK_ALLOCATED)
			apart = hypot(suggestion->spread, PLACE_ERROR * suggestion->sampling) / suggestion->mean;
	}
	sites_free(&sites);
	for (size_t i = 0; i < runs->count[SIDE_AFTER]; i++)
		rate = fmax(rate, (double)run_profile(runs, &runs->items[SIDE_AFTER][i], MOMENT_NOW)->rate);
	suggestions->percent = fmax(PLACE_LEAST, ceil(100 * PLACE_REACH * apart / PLACE_STEP) * PLACE_STEP);
	suggestions->floor = rounded_up(fmax(PLACE_SAMPLES * rate, 1 << 20), true);
	suggestions->leaks = !runs_leak(runs, &are_judged) && are_judged;
}
