/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verdicts of `seep leaks`: how often they are right on simulated programs whose every allocation is known. The
 * heavy run is `make accuracy`.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "leaks/leaks.h"
#include "render/json/documents.h"
#include "render/text/documents.h"
#include "render/words/finding.h"
#include "render/words/leak_evidence.h"
#include "statistics/measure.h"
#include "support/series_simulator.h"
#include "support/shapes.h"

#define RATE (512 * 1024)
#define SECOND UINT64_C(1000000000)
/* One run shows whether memory is used well, some runs show how often a leak is found. */
#ifdef __SANITIZE_ADDRESS__
#define SHARE 8
#define SEEDS 1
#else
#define SHARE 1
#define SEEDS 6
#endif

struct tally {
	unsigned runs, first, found, verdicts, false_leaks, growing;
};

static void tally_run(struct tally *tally, enum pattern pattern, double leaked, uint64_t seed)
{
	struct simulation *simulation = simulation_run(pattern, RATE, leaked, seed);
	struct leaks leaks;
	bool found = false;

	leaks_of_profiles(&leaks, simulation->series, simulation->count, GROUP_BY_STACK);
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
		for (uint64_t seed = 1; seed <= 8 / SHARE; seed++)
			tally_run(&tally, (enum pattern)pattern, 0, seed);
	assert_true(tally.verdicts >= 450 / SHARE);
	assert_int_equal(tally.false_leaks, 0);
}

static void pools_and_sawtooths_are_steady(void **state)
{
	struct tally tally = {0};

	(void)state;
	for (uint64_t seed = 1; seed <= 10 / SHARE; seed++) {
		tally_run(&tally, PATTERN_POOL, 0, seed);
		tally_run(&tally, PATTERN_SAWTOOTH, 0, seed);
	}
	assert_true(tally.growing <= tally.verdicts / 20);
}

/* Every shape at 60 and 300 rates; on an even grid, and on one that is dense at first and has a gap. */
static void no_shape_is_surely_a_leak_that_is_none(void **state)
{
	(void)state;
	for (int run = 0; run < 4; run += SHARE == 1 ? 1 : 3) {
		size_t count, missed = 0;
		struct profile **series =
		    shapes_run(run % 2 ? GRID_YOUNG : GRID_EVEN, RATE, run / 2 ? 300 : 60, 100 + (uint64_t)run, &count);
		struct leaks leaks;
		leaks_of_profiles(&leaks, series, count, GROUP_BY_STACK);
		for (uint32_t i = 0; i < leaks.count; i++) {
			const struct leak_row *row = &leaks.rows[i];
			const size_t shape = series_site(leaks.groups.groups[row->group].key, (uint32_t)shape_count());
			if (shape_kind_of(shape) == SHAPE_LEAK)
				missed += row->verdict != LEAK_LEAK;
			else if (shape_kind_of(shape) != SHAPE_EITHER && leak_is_sure(row))
				fail_msg("%s in run %d is surely a leak", shape_name(shape), run);
			/* A leak has a pace. A sure growth is never called steady, and nothing else is called
			 * growing. */
			assert_true(row->verdict != LEAK_LEAK || row->leak_interval.low > 0);
			assert_true(row->verdict != LEAK_GROWING || row->growth_bytes.low > 0);
			assert_false(row->verdict == LEAK_STEADY && row->growth_bytes.low > 0);
		}
		assert_true(missed <= 4); /* of 36 */
		leaks_free(&leaks);
		series_free_profiles(series, count);
	}
}

/* Among many sites one may have an interval that excludes zero by chance: it is called neither growing nor steady. */
static void no_difference_is_steady_whose_interval_excludes_zero(void **state)
{
	size_t count, unknown = 0;
	struct profile **series = shapes_run(GRID_EVEN, RATE, 20, 3, &count);
	struct comparison comparison;

	(void)state;
	comparison_build(&comparison, series[count / 2], series[count - 1], GROUP_BY_STACK);
	for (uint32_t i = 0; i < comparison.count; i++) {
		const struct comparison_row *row = &comparison.rows[i];
		const struct row_sums sums = comparison_sums(&comparison, row);
		const struct interval growth = comparison_growth(&comparison, &sums);
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
	leaks_of_profiles(&leaks, series, count, GROUP_BY_STACK);
	for (uint32_t i = 0; i < leaks.count; i++) {
		const size_t shape = series_site(leaks.groups.groups[leaks.rows[i].group].key, (uint32_t)shape_count());
		stopped += strstr(shape_name(shape), "filled until 0.") && leaks.rows[i].verdict == LEAK_STOPPED;
	}
	assert_true(stopped >= 7); /* two filled at the start, and are steady; noise and large blocks hide a stop */
	leaks_free(&leaks);
	series_free_profiles(series, count);
}

/* A vector that doubles, alone and beside a leak at one place: it is not a leak, and adds nothing to the leak's rate. */
static void a_block_that_grows_is_no_leak_and_no_part_of_one(void **state)
{
	enum { SNAPSHOTS = 17 };
	struct profile **series = series_with_a_vector(RATE, 60, SNAPSHOTS);
	struct buffer out = {0};
	struct leaks leaks;

	(void)state;
	leaks_of_profiles(&leaks, series, SNAPSHOTS, GROUP_BY_STACK);
	assert_int_equal(leaks.verdicts[LEAK_LEAK], 1);
	assert_int_equal(leaks.verdicts[LEAK_GROWING], 1);
	for (uint32_t i = 0; i < leaks.count; i++)
		leak_evidence_append(&out, &leaks, &leaks.rows[i]);
	assert_non_null(strstr(out.data, "one block that is reallocated ever larger"));
	leaks_free(&leaks);
	buffer_free(&out);
	leaks_of_profiles(&leaks, series, SNAPSHOTS, GROUP_BY_MODULE);
	assert_int_equal(leaks.count, 1);
	assert_int_equal(leaks.rows[0].verdict, LEAK_LEAK);
	assert_true(leaks.rows[0].leak_interval.low <= RATE / 4.0 && leaks.rows[0].leak_interval.high < RATE / 2.0);
	leaks_free(&leaks);
	series_free_profiles(series, SNAPSHOTS);
}

/* Recordings in which the last of the objects that are still watched die, one in a series of few, or few of a cache get
 * old. */
static void a_leak_beside_a_cache_is_told_by_deaths_that_cease(void **state)
{
	static const uint64_t seeds[] = {9006, 9007, 9051, 9053};

	(void)state;
	for (size_t k = 0; k < sizeof seeds / sizeof *seeds; k++) {
		size_t count;
		struct profile **series = shapes_run(GRID_EVEN, RATE, 60, seeds[k], &count);
		struct leaks leaks;
		leaks_of_profiles(&leaks, series, count, GROUP_BY_STACK);
		for (uint32_t i = 0; i < leaks.count; i++) {
			const uint64_t key = leaks.groups.groups[leaks.rows[i].group].key;
			const char *name = shape_name(series_site(key, (uint32_t)shape_count()));
			if (strcmp(name, "beside a random cache of 2 V, 0.15 L") == 0)
				assert_int_equal(leaks.rows[i].verdict, LEAK_LEAK);
			if (strcmp(name, "random eviction, full at 0.4 L") == 0 ||
			    strcmp(name, "FIFO, full at 0.7 L") == 0)
				assert_int_not_equal(leaks.rows[i].verdict, LEAK_LEAK);
		}
		leaks_free(&leaks);
		series_free_profiles(series, count);
	}
}

/* Where the samples only just suffice for a proof, the rate's lower end may be a trace. */
static void no_leak_has_a_rate_from_nothing(void **state)
{
	(void)state;
	for (uint64_t seed = 9001; seed <= 9008; seed++) {
		size_t count;
		struct profile **series = shapes_run(GRID_EVEN, RATE, 20, seed, &count);
		struct leaks leaks;
		leaks_of_profiles(&leaks, series, count, GROUP_BY_STACK);
		for (uint32_t i = 0; i < leaks.verdicts[LEAK_LEAK]; i++)
			assert_true(leaks_rows(&leaks, LEAK_LEAK)[i].leak_interval.low >
				    0.0001 * leaks_rows(&leaks, LEAK_LEAK)[i].leak_rate);
		leaks_free(&leaks);
		series_free_profiles(series, count);
	}
}

static void a_short_series_has_no_verdicts(void **state)
{
	struct simulation *simulation = simulation_run(PATTERN_LIST, RATE, 200, 1);
	struct leaks leaks;

	(void)state;
	leaks_of_profiles(&leaks, simulation->series, LEAK_SERIES_LEAST - 1, GROUP_BY_STACK);
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
	leaks_of_profiles(&leaks, simulation->series, simulation->count, GROUP_BY_STACK);
	assert_true(leaks_limit(&leaks, &limit));
	assert_string_equal(limit.name, "cgroup limit");
	assert_float_equal(limit.seconds, (100 << 20) / leaks.leak_rate, 1e-6);
	/* The allocator takes twice as much as was requested. */
	struct profile_totals totals;
	struct leak_limit rounded;
	profile_totals(last, &totals);
	last->memory[SEEP_MEMORY_ALLOCATOR_IN_USE] = (uint64_t)(2 * sum_estimate(&totals.in_use.bytes));
	last->memory_known |= UINT64_C(1) << SEEP_MEMORY_ALLOCATOR_IN_USE;
	assert_true(leaks_limit(&leaks, &rounded));
	assert_float_equal(rounded.seconds, limit.seconds / 2, limit.seconds * 1e-6);
	/* Without an account the growth of the counted samples tells the same. */
	struct profile *middle = simulation->series[leaks.middle_index];
	double growth = 0;
	for (uint32_t i = 0; i < leaks.count; i++)
		growth += leaks.rows[i].growth;
	last->memory_known &= ~(UINT64_C(1) << SEEP_MEMORY_ALLOCATOR_IN_USE);
	middle->memory_known = UINT64_C(1) << SEEP_MEMORY_RSS;
	middle->memory[SEEP_MEMORY_RSS] = last->memory[SEEP_MEMORY_RSS] - (uint64_t)(1.5 * growth);
	assert_true(leaks_limit(&leaks, &rounded));
	assert_float_equal(rounded.seconds, limit.seconds / 1.5, limit.seconds * 1e-6);
	/* 400 R in 240 s. */
	assert_true(leaks.leak_interval.low < 400.0 * RATE / 240 && 400.0 * RATE / 240 < leaks.leak_interval.high);
	assert_true(limit.bound.low < limit.seconds && limit.seconds < limit.bound.high);
	leaks_free(&leaks);
	simulation_free(simulation);
}

/* Everything that is said about the rows' and the limit's time. */
static void say_when(struct buffer *out, const struct leaks *leaks)
{
	buffer_free(out);
	for (uint32_t i = 0; i < leaks->count; i++)
		leak_evidence_append(out, leaks, &leaks->rows[i]);
	finding_append_limit(out, leaks);
}

static void nothing_is_promised_of_a_recording_that_has_ended(void **state)
{
	size_t count;
	struct profile **shapes = shapes_run(GRID_EVEN, RATE, 20, 7, &count);
	struct profile *last = shapes[count - 1];
	struct buffer said = {0};
	struct leaks leaks;

	(void)state;
	last->memory[SEEP_MEMORY_RSS] = 300 << 20;
	last->memory[SEEP_MEMORY_LIMIT] = 400 << 20;
	last->memory_known = UINT64_C(1) << SEEP_MEMORY_RSS | UINT64_C(1) << SEEP_MEMORY_LIMIT;
	leaks_of_profiles(&leaks, shapes, count, GROUP_BY_STACK);
	leaks.goes_on = true;
	say_when(&said, &leaks);
	assert_non_null(strstr(said.data, "; a verdict is possible in "));
	assert_non_null(strstr(said.data, "limit of 400 MiB is reached in "));
	leaks.goes_on = false;
	say_when(&said, &leaks);
	assert_null(strstr(said.data, "possible in "));
	assert_null(strstr(said.data, "is reached"));
	assert_non_null(strstr(said.data, "; a verdict is possible within a recording of "));
	assert_non_null(strstr(said.data, "limit of 400 MiB would have been reached after another "));
	buffer_free(&said);
	leaks_json_render(&said, &leaks, &leaks, UINT32_MAX);
	for (const char *at = said.data; (at = strstr(at, "\"verdict_possible_in_s\":")); at++)
		assert_memory_equal(strchr(at, ':') + 1, at > strstr(said.data, "\"totals\"") ? "null" : "0,", 2);
	buffer_free(&said);
	leaks_free(&leaks);
	series_free_profiles(shapes, count);
}

static void verdicts_are_printed_with_their_evidence(void **state)
{
	struct simulation *simulation = simulation_run(PATTERN_LIST, RATE, 100, 1);
	struct buffer text = {0}, json = {0};
	struct text_page page = {.out = &text, .columns = 80};
	const struct series series = {.reference = simulation->series[simulation->count - 1],
				      .middle = simulation->series[simulation->count / 2]};
	struct leaks leaks;

	(void)state;
	for (size_t i = 0; i < simulation->count; i++) {
		struct profile *profile = simulation->series[i];
		profile->command = profile->executable = profile->arguments = profile->host = profile->allocator = "";
		profile->allocator_path = profile->unwinder = profile->bypassed = "";
	}
	leaks_of_profiles(&leaks, simulation->series, simulation->count, GROUP_BY_STACK);
	leaks_text_render(&page, &leaks, &series, 0);
	leaks_json_render(&json, &leaks, &leaks, UINT32_MAX);
	assert_non_null(strstr(text.data, "LEAKING  1 stack, "));
	/* 240 s were seen: hours would be more than ten times that. */
	assert_non_null(strstr(text.data, " a minute\n"));
	assert_non_null(strstr(json.data, "\"cautions\":[]"));
	assert_non_null(strstr(json.data, "\"leak_bytes_per_h\":null"));
	assert_non_null(strstr(text.data, " are still alive, born evenly"));
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
	    cmocka_unit_test(leaks_are_found_and_ranked_first),
	    cmocka_unit_test(what_does_not_leak_is_not_called_a_leak),
	    cmocka_unit_test(pools_and_sawtooths_are_steady),
	    cmocka_unit_test(no_shape_is_surely_a_leak_that_is_none),
	    cmocka_unit_test(no_difference_is_steady_whose_interval_excludes_zero),
	    cmocka_unit_test(what_stops_is_called_stopped),
	    cmocka_unit_test(a_block_that_grows_is_no_leak_and_no_part_of_one),
	    cmocka_unit_test(a_leak_beside_a_cache_is_told_by_deaths_that_cease),
	    cmocka_unit_test(no_leak_has_a_rate_from_nothing),
	    cmocka_unit_test(a_short_series_has_no_verdicts),
	    cmocka_unit_test(the_time_to_the_limit_follows_from_the_rate),
	    cmocka_unit_test(nothing_is_promised_of_a_recording_that_has_ended),
	    cmocka_unit_test(verdicts_are_printed_with_their_evidence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
