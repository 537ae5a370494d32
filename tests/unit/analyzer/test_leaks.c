/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verdicts of `seep leaks`: the statistics they are made of, and how often
 * they are right on simulated programs of which every allocation is known. The
 * heavy run is `make accuracy`.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "compare/teardown.h"
#include "leaks/leaks.h"
#include "render/json/documents.h"
#include "render/text/documents.h"
#include "statistics/measure.h"
#include "statistics/selection.h"
#include "statistics/trend.h"
#include "support/series_simulator.h"
#include "support/shapes.h"

#define RATE (512 * 1024)
#define SECOND UINT64_C(1000000000)
/* Whether memory is used well is seen in one run, how often a leak is found in some. */
#ifdef __SANITIZE_ADDRESS__
#define SEEDS 1
#else
#define SEEDS 6
#endif

static void a_life_table_without_deaths_survives_whole(void **state)
{
	struct life_table table = {.dead = {0}};

	(void)state;
	for (int i = 0; i < 20; i++)
		life_table_add_alive(&table, SECOND << i % 4, 1);
	const struct survival survival = life_table_survival(&table, 35);
	assert_float_equal(survival.share, 1, 1e-12);
	assert_float_equal(survival.interval.high, 1, 1e-12);
	/* Wilson's lower end for 20 of 20. */
	assert_float_equal(survival.interval.low, 1 / (1 + 1.959963984540054 * 1.959963984540054 / 20), 1e-9);
}

static void a_life_table_is_the_binomial_share_where_nobody_is_censored_before(void **state)
{
	struct life_table table = {.dead = {0}};

	(void)state;
	life_table_add_dead(&table, 10, 75, 75); /* 75 of 100 die young, each of weight 1 */
	for (int i = 0; i < 25; i++)
		life_table_add_alive(&table, SECOND, 1);
	const struct survival survival = life_table_survival(&table, 20);
	assert_float_equal(survival.share, 0.25, 1e-12);
	/* Wilson's interval for 25 of 100. */
	assert_float_equal(survival.interval.low, 0.1754522, 1e-6);
	assert_float_equal(survival.interval.high, 0.3430446, 1e-6);
	assert_float_equal(life_table_survival(&table, 10).share, 1, 1e-12);
}

static void weights_make_a_life_table_less_sure(void **state)
{
	struct life_table even = {.dead = {0}}, uneven = {.dead = {0}};

	(void)state;
	for (int i = 0; i < 20; i++) {
		life_table_add_alive(&even, SECOND, 1);
		life_table_add_alive(&uneven, SECOND, i ? 0.1 : 18.1);
	}
	assert_true(life_table_survival(&uneven, 20).interval.low < life_table_survival(&even, 20).interval.low);
}

static void the_slope_of_a_line_is_found_through_outliers(void **state)
{
	double times[20], values[20];

	(void)state;
	for (int i = 0; i < 20; i++) {
		times[i] = 10 * i;
		values[i] = 3 * times[i] + (i % 5 == 2 ? 4000 : 0);
	}
	const struct trend trend = trend_of(times, values, 20);
	assert_float_equal(trend.slope, 3, 1e-9);
	assert_true(trend.interval.low <= 3 && trend.interval.high >= 3);
	assert_true(isnan(trend_of(times, values, TREND_LEAST - 1).slope));
}

/* Sorted, killer orders for the pivot, and values that are equal. */
static void what_is_selected_is_what_sorting_puts_there(void **state)
{
	enum { COUNT = 2016 };
	double values[COUNT], scratch[COUNT];

	(void)state;
	for (int shape = 0; shape < 5; shape++) {
		for (int i = 0; i < COUNT; i++) {
			const int shapes[] = {i, COUNT - 1 - i, i * 1009 % COUNT,
					      i < COUNT / 2 ? 2 * i : 2 * (COUNT - i) - 1, i % 7 * (COUNT / 7)};
			values[i] = shapes[shape];
		}
		struct selection selection = {values, scratch, COUNT};
		for (int place = 0; place < COUNT; place += 31) {
			const double expected = shape == 4 ? place / (COUNT / 7) * (COUNT / 7) : place;
			assert_true(select_place(&selection, (size_t)(place * 13 % COUNT)) >= 0);
			assert_true(select_place(&selection, (size_t)place) == expected);
		}
	}
}

static void a_level_series_has_no_sure_slope(void **state)
{
	double times[30], values[30];

	(void)state;
	for (int i = 0; i < 30; i++) {
		times[i] = i;
		values[i] = 100 + (i * 7919 % 31);
	}
	const struct trend trend = trend_of(times, values, 30);
	assert_true(trend.interval.low < 0 && trend.interval.high > 0);
}

/* Ten objects, one born every second; snapshots every second up to 20 s. */
static struct cohort_outcome ten_objects(unsigned died, uint64_t death_ns)
{
	struct follow_up objects[10] = {{0}};
	uint64_t times[20];

	for (int i = 0; i < 20; i++)
		times[i] = (uint64_t)(i + 1) * SECOND;
	for (unsigned i = 0; i < 10; i++) {
		const uint64_t birth_ns = i * SECOND + SECOND / 2;
		objects[i] = (struct follow_up){birth_ns, (i + 1) * SECOND, 20 * SECOND, 0, 64, RATE};
		if (i < died) {
			objects[i].last_ns = death_ns / SECOND * SECOND;
			objects[i].gone_ns = objects[i].last_ns + SECOND;
		}
	}
	const struct follow_ups all = {objects, 10, times, 20};
	return cohort_outcome_at(&all, 4 * SECOND, 5 * SECOND);
}

static void what_never_dies_has_a_plateau(void **state)
{
	const struct cohort_outcome outcome = ten_objects(0, 0);

	(void)state;
	assert_int_equal(outcome.deaths, 0);
	assert_int_equal(outcome.survivors, 10);
	assert_float_equal(outcome.plateau, 1, 1e-12);
	assert_int_equal(outcome.lasting.samples, 5); /* born from 5 s on */
	/* Each is at risk from the first snapshot past 4 s of age, which is at 4.5 s, to the last but one. */
	assert_float_equal(outcome.exposure_ns, 10 * 14.0 * 1e9 - (0 + 1 + 2 + 3 + 4 + 5 + 6 + 7 + 8 + 9) * 1e9, 1);
	assert_float_equal(cohort_p_value(&outcome, 10e9), exp(-9.5), 1e-9);
}

static void the_death_of_the_oldest_leaves_no_plateau(void **state)
{
	/* As of a cache that evicts in order: those that had reached the greatest age are gone. */
	const struct cohort_outcome outcome = ten_objects(4, 16 * SECOND);

	(void)state;
	assert_int_equal(outcome.deaths, 4);
	assert_int_equal(outcome.survivors, 6);
	assert_true(outcome.plateau < 0.7);
}

struct tally {
	unsigned runs, first, found, verdicts, false_leaks, growing;
};

static void tally_run(struct tally *tally, enum pattern pattern, double leaked, uint64_t seed)
{
	struct simulation *simulation = simulation_run(pattern, RATE, leaked, seed);
	struct leaks leaks;
	bool found = false;

	leaks_build(&leaks, simulation->series, simulation->count, GROUP_BY_STACK);
	for (uint32_t i = 0; i < leaks.count; i++) {
		const uint32_t site = simulation_site(simulation, leaks.groups.groups[leaks.rows[i].group].key);
		const bool called = leaks.rows[i].verdict == LEAK_LEAK;
		tally->first += i == 0 && simulation->is_leaking[site];
		found |= simulation->is_leaking[site] && called;
		tally->verdicts += !simulation->is_leaking[site];
		tally->false_leaks += !simulation->is_leaking[site] && called;
		tally->growing += leaks.rows[i].verdict == LEAK_GROWING;
	}
	tally->found += found;
	tally->runs++;
	leaks_free(&leaks);
	simulation_free(simulation);
}

static void leaks_are_found_and_ranked_first(void **state)
{
	(void)state;
	for (int pattern = 0; pattern < PATTERN_LEAKING_COUNT; pattern++) {
		struct tally tally = {0};
		for (uint64_t seed = 1; seed <= SEEDS; seed++)
			tally_run(&tally, (enum pattern)pattern, 30, seed);
		if (tally.first < SEEDS || tally.false_leaks)
			fail_msg("%s: first in %u of %u runs, %u false", pattern_name((enum pattern)pattern),
				 tally.first, tally.runs, tally.false_leaks);
		/* Fifteen buffers are few samples; all others are proven. */
		assert_true(tally.found >= (pattern == PATTERN_BUFFERS ? SEEDS / 2 : SEEDS - 1));
	}
}

static void what_does_not_leak_is_not_called_a_leak(void **state)
{
	struct tally tally = {0};

	(void)state;
	for (int pattern = PATTERN_LEAKING_COUNT; pattern < PATTERN_COUNT; pattern++)
		for (uint64_t seed = 1; seed <= 8; seed++)
			tally_run(&tally, (enum pattern)pattern, 0, seed);
	assert_true(tally.verdicts >= 450);
	assert_int_equal(tally.false_leaks, 0);
}

static void pools_and_sawtooths_are_steady(void **state)
{
	struct tally tally = {0};

	(void)state;
	for (uint64_t seed = 1; seed <= 10; seed++) {
		tally_run(&tally, PATTERN_POOL, 0, seed);
		tally_run(&tally, PATTERN_SAWTOOTH, 0, seed);
	}
	assert_true(tally.growing <= tally.verdicts / 20);
}

/* Every shape at 60 and 300 rates; on an even grid, and on one that is dense at first and has a gap. */
static void no_shape_is_surely_a_leak_that_is_none(void **state)
{
	(void)state;
	for (int run = 0; run < 4; run++) {
		size_t count, missed = 0;
		struct profile **series =
		    shapes_run(run % 2 ? GRID_YOUNG : GRID_EVEN, RATE, run / 2 ? 300 : 60, 100 + (uint64_t)run, &count);
		struct leaks leaks;
		leaks_build(&leaks, series, count, GROUP_BY_STACK);
		for (uint32_t i = 0; i < leaks.count; i++) {
			const struct leak_row *row = &leaks.rows[i];
			const size_t shape = series_site(leaks.groups.groups[row->group].key, (uint32_t)shape_count());
			if (shape_kind_of(shape) == SHAPE_LEAK)
				missed += row->verdict != LEAK_LEAK;
			else if (shape_kind_of(shape) != SHAPE_EITHER && leak_is_sure(row))
				fail_msg("%s in run %d is surely a leak", shape_name(shape), run);
			/* What grows for sure is never called steady. */
			assert_false(row->verdict == LEAK_STEADY && row->growth_bytes.low > 0);
		}
		assert_true(missed <= 4); /* of 36 */
		leaks_free(&leaks);
		series_free_profiles(series, count);
	}
}

/* Of many sites one may have an interval that excludes zero by chance: it is called neither growing nor steady. */
static void no_difference_is_steady_whose_interval_excludes_zero(void **state)
{
	size_t count, unknown = 0;
	struct profile **series = shapes_run(GRID_EVEN, RATE, 20, 3, &count);
	struct comparison comparison;

	(void)state;
	comparison_build(&comparison, series[count / 2], series[count - 1], GROUP_BY_STACK);
	for (uint32_t i = 0; i < comparison.count; i++) {
		const struct comparison_row *row = &comparison.rows[i];
		const struct interval growth = comparison_intervals(&comparison, row).bytes;
		const bool excludes = growth.low > 0 || growth.high < 0;
		assert_true(excludes != (row->verdict == VERDICT_STEADY));
		unknown += row->verdict == VERDICT_UNKNOWN;
	}
	assert_true(unknown > 0);
	comparison_free(&comparison);
	series_free_profiles(series, count);
}

static void what_stops_is_called_stopped(void **state)
{
	size_t count, stopped = 0;
	struct profile **series = shapes_run(GRID_EVEN, RATE, 300, 7, &count);
	struct leaks leaks;

	(void)state;
	leaks_build(&leaks, series, count, GROUP_BY_STACK);
	for (uint32_t i = 0; i < leaks.count; i++) {
		const size_t shape = series_site(leaks.groups.groups[leaks.rows[i].group].key, (uint32_t)shape_count());
		stopped += strstr(shape_name(shape), "filled until 0.") && leaks.rows[i].verdict == LEAK_STOPPED;
	}
	assert_true(stopped >= 7); /* two filled at the start, and are steady; noise and large blocks hide a stop */
	leaks_free(&leaks);
	series_free_profiles(series, count);
}

enum { WORK_S = 240, SHUTDOWN_MS = 3000, STOPS = 50, KINDS = 3 };

/* A leak, a pool and a cache that turns over, until 240 s; then all that is alive is freed in three seconds, the leak's
 * blocks first, second or last. */
static size_t shutdown_samples(struct taken *samples, unsigned order)
{
	size_t count = 0;

	for (unsigned i = 0; i < 60; i++) /* the leak */
		samples[count++] = (struct taken){(uint64_t)(4 * i + 1) * SECOND, UINT64_MAX, 64, 0, false, false};
	for (unsigned i = 0; i < 40; i++) /* the pool */
		samples[count++] = (struct taken){SECOND + i, UINT64_MAX, 64, 1, false, false};
	for (unsigned i = 0; i < 120; i++) /* the cache: each lives for 60 s */
		samples[count++] =
		    (struct taken){(uint64_t)(2 * i) * SECOND, (uint64_t)(2 * i + 60) * SECOND, 64, 2, false, false};
	for (size_t i = 0; i < count; i++) {
		const uint64_t turn = (samples[i].site + order) % KINDS;
		const uint64_t last_ns =
		    WORK_S * SECOND + (turn * SHUTDOWN_MS + (i * 37 % 100) * SHUTDOWN_MS / 100) * 1000000 / KINDS;
		if (samples[i].death_ns > WORK_S * SECOND)
			samples[i].death_ns = last_ns;
	}
	return count;
}

/* Killed at one moment of its shutdown: a snapshot every 10 s, ticks within the shutdown, and what was left. */
static void stop_in_shutdown(unsigned order, unsigned stop)
{
	const uint64_t end_ns = WORK_S * SECOND + (uint64_t)stop * SHUTDOWN_MS * 1000000 / STOPS;
	struct taken samples[220];
	const size_t sample_count = shutdown_samples(samples, order);
	uint64_t times[40];
	size_t count = 0;
	struct leaks leaks;

	for (uint64_t time = 6 * SECOND; time < WORK_S * SECOND; time += 10 * SECOND)
		times[count++] = time;
	for (uint64_t time = WORK_S * SECOND + SECOND / 2; time < end_ns; time += 5 * SECOND / 4)
		times[count++] = time;
	times[count++] = end_ns;
	const struct series_plan plan = {1, times, count, RATE, KINDS};
	struct profile **series = series_make(&plan, samples, sample_count);
	series[count - 1]->trigger = SEEP_TRIGGER_POSTMORTEM;
	const size_t useful = teardown_last_useful_profile(series, count);
	leaks_build(&leaks, series, useful + 1, GROUP_BY_STACK);
	for (uint32_t i = 0; i < leaks.count; i++) {
		const bool leaking = series_site(leaks.groups.groups[leaks.rows[i].group].key, KINDS) == 0;
		if (leaking != (leaks.rows[i].verdict == LEAK_LEAK))
			fail_msg("stopped at %u of %d, order %u: site is called %s", stop, STOPS, order,
				 leak_verdict_name(leaks.rows[i].verdict));
	}
	assert_true(stop < 10 || series[useful]->time_ns <= WORK_S * SECOND);
	leaks_free(&leaks);
	series_free_profiles(series, count);
}

static void a_leak_is_found_at_every_moment_of_the_shutdown(void **state)
{
	(void)state;
	for (unsigned order = 0; order < KINDS; order++)
		for (unsigned stop = 0; stop <= STOPS; stop++)
			stop_in_shutdown(order, stop);
}

static void what_goes_up_and_down_is_no_shutdown(void **state)
{
	struct teardown_moment moments[8];

	(void)state;
	for (unsigned i = 0; i < 8; i++) /* a sawtooth, caught in its fall */
		moments[i] =
		    (struct teardown_moment){(i + 1) * SECOND, i % 3 == 1 ? 70 : 100 - i % 3, 100 * (i + 1), 0};
	assert_int_equal(teardown_last_useful(moments, 8, 0, true), 7);
	/* The load goes, and the process stays. */
	for (unsigned i = 0; i < 8; i++)
		moments[i] = (struct teardown_moment){(i + 1) * SECOND, i < 7 ? 100 : 30, 100 * (i + 1), 0};
	assert_int_equal(teardown_last_useful(moments, 8, 0, false), 7);
	assert_int_equal(teardown_last_useful(moments, 8, 0, true), 6);
	/* It frees, and allocates no more. */
	moments[7].allocated = 701;
	assert_int_equal(teardown_last_useful(moments, 8, 0, false), 6);
}

static void a_short_series_has_no_verdicts(void **state)
{
	struct simulation *simulation = simulation_run(PATTERN_LIST, RATE, 200, 1);
	struct leaks leaks;

	(void)state;
	leaks_build(&leaks, simulation->series, LEAK_SERIES_LEAST - 1, GROUP_BY_STACK);
	assert_false(leaks.can_judge);
	assert_int_equal(leaks.verdicts[LEAK_UNKNOWN] + leaks.verdicts[LEAK_CHURN], leaks.count);
	/* After two intervals the timer's grid has steps of half an interval. */
	assert_float_equal(leaks.possible_in_s, 5, 1e-9);
	leaks_free(&leaks);
	simulation_free(simulation);
}

static void the_time_to_the_limit_follows_from_the_rate(void **state)
{
	struct simulation *simulation = simulation_run(PATTERN_LIST, RATE, 400, 1);
	struct profile *last = simulation->series[simulation->count - 1];
	struct leaks leaks;
	struct leak_limit limit;

	(void)state;
	last->memory[SEEP_MEMORY_RSS] = 300 << 20;
	last->memory[SEEP_MEMORY_LIMIT] = 400 << 20;
	last->memory_known = UINT64_C(1) << SEEP_MEMORY_RSS | UINT64_C(1) << SEEP_MEMORY_LIMIT;
	leaks_build(&leaks, simulation->series, simulation->count, GROUP_BY_STACK);
	assert_true(leaks_limit(&leaks, &limit));
	assert_string_equal(limit.name, "cgroup limit");
	assert_float_equal(limit.seconds, (100 << 20) / leaks.leak_rate, 1e-6);
	/* The allocator takes twice as much as is asked for. */
	struct profile_totals totals;
	struct leak_limit rounded;
	profile_totals(last, &totals);
	last->memory[SEEP_MEMORY_ALLOCATOR_IN_USE] = (uint64_t)(2 * sum_estimate(&totals.in_use.bytes));
	last->memory_known |= UINT64_C(1) << SEEP_MEMORY_ALLOCATOR_IN_USE;
	assert_true(leaks_limit(&leaks, &rounded));
	assert_float_equal(rounded.seconds, limit.seconds / 2, limit.seconds * 1e-6);
	/* 400 R in 240 s. */
	assert_true(leaks.leak_interval.low < 400.0 * RATE / 240 && 400.0 * RATE / 240 < leaks.leak_interval.high);
	assert_true(limit.bound.low < limit.seconds && limit.seconds < limit.bound.high);
	leaks_free(&leaks);
	simulation_free(simulation);
}

static void verdicts_are_printed_with_their_evidence(void **state)
{
	struct simulation *simulation = simulation_run(PATTERN_LIST, RATE, 100, 1);
	struct buffer text = {0}, json = {0};
	struct text_page page = {.out = &text, .columns = 80};
	const struct series series = {.profiles = simulation->series, .count = simulation->count};
	struct leaks leaks;

	(void)state;
	for (size_t i = 0; i < simulation->count; i++) {
		struct profile *profile = simulation->series[i];
		profile->command = profile->executable = profile->arguments = profile->host = profile->allocator = "";
		profile->allocator_path = profile->unwinder = profile->bypassed = "";
	}
	leaks_build(&leaks, simulation->series, simulation->count, GROUP_BY_STACK);
	leaks_text_render(&page, &leaks, &series, 0);
	leaks_json_render(&json, &leaks, &leaks, UINT32_MAX);
	assert_non_null(strstr(text.data, "stacks leaks: "));
	/* 240 s: hours would be beyond ten times what was seen. */
	assert_non_null(strstr(text.data, "a minute together."));
	assert_non_null(strstr(json.data, "\"cautions\":[]"));
	assert_non_null(strstr(json.data, "\"leak_bytes_per_h\":null"));
	assert_non_null(strstr(text.data, "none died; born by quarter:"));
	for (const char *line = text.data; *line;) {
		const size_t length = strcspn(line, "\n");
		assert_true(length <= 80);
		line += length + (line[length] == '\n');
	}
	assert_non_null(strstr(json.data, "\"schema\":\"seep.leaks/2\""));
	assert_non_null(strstr(json.data, "\"verdict\":\"leak\""));
	assert_non_null(strstr(json.data, "\"survival\":1,"));
	leaks_free(&leaks);
	buffer_free(&text);
	buffer_free(&json);
	simulation_free(simulation);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_life_table_without_deaths_survives_whole),
	    cmocka_unit_test(a_life_table_is_the_binomial_share_where_nobody_is_censored_before),
	    cmocka_unit_test(weights_make_a_life_table_less_sure),
	    cmocka_unit_test(the_slope_of_a_line_is_found_through_outliers),
	    cmocka_unit_test(what_is_selected_is_what_sorting_puts_there),
	    cmocka_unit_test(a_level_series_has_no_sure_slope),
	    cmocka_unit_test(what_never_dies_has_a_plateau),
	    cmocka_unit_test(the_death_of_the_oldest_leaves_no_plateau),
	    cmocka_unit_test(leaks_are_found_and_ranked_first),
	    cmocka_unit_test(what_does_not_leak_is_not_called_a_leak),
	    cmocka_unit_test(pools_and_sawtooths_are_steady),
	    cmocka_unit_test(no_shape_is_surely_a_leak_that_is_none),
	    cmocka_unit_test(no_difference_is_steady_whose_interval_excludes_zero),
	    cmocka_unit_test(what_stops_is_called_stopped),
	    cmocka_unit_test(a_leak_is_found_at_every_moment_of_the_shutdown),
	    cmocka_unit_test(what_goes_up_and_down_is_no_shutdown),
	    cmocka_unit_test(a_short_series_has_no_verdicts),
	    cmocka_unit_test(the_time_to_the_limit_follows_from_the_rate),
	    cmocka_unit_test(verdicts_are_printed_with_their_evidence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
