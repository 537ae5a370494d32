/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Growth that is spread over many places: that it is found at the right level, and how often something is found
 * although there is nothing. The heavy run is `make accuracy`.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "compare/comparison.h"
#include "leaks/spread.h"
#include "support/spread_simulator.h"

#define RATE (512 * 1024)
/* One program of each kind shows whether memory is used well; many show how often a leak is found. test_leaks.c does
 * the same. */
#ifdef __SANITIZE_ADDRESS__
#define SHARE 12
#else
#define SHARE 1
#endif

struct tally {
	unsigned runs, with_false, found, exact;
	double false_share;
};

static bool has_leak(const struct spread_place *spread)
{
	const char *name = spread->line ? spread->line->function : "";

	return spread->level == SPREAD_PROCESS ||
	       (spread->level == SPREAD_MODULE && strcmp(spread->module, "/srv/app") == 0) ||
	       strcmp(name, "handler_0") == 0 || strcmp(name, "subsystem_0") == 0 || strcmp(name, "main_0") == 0;
}

/* A report about a function below which nothing leaks is false. */
static void tally_run(struct tally *tally, double leaked, double steady, uint64_t seed)
{
	struct spread_program program;
	struct leaks leaks;
	unsigned right = 0, wrong = 0;

	spread_program_run(&program, RATE, leaked, steady, seed);
	leaks_and_spreads_of_profiles(&leaks, program.series, program.count, GROUP_BY_PLACE);
	for (uint32_t i = 0; i < leaks.spread_count; i++) {
		const struct spread *spread = &leaks.spreads[i];
		const char *name = spread->place.line ? spread->place.line->function : "";
		if (leaked > 0 && has_leak(&spread->place))
			right++;
		else
			wrong++;
		tally->exact += strcmp(name, "handler_0") == 0 && spread->row.verdict == LEAK_LEAK;
	}
	tally->runs++;
	tally->with_false += wrong > 0;
	tally->found += right > 0;
	tally->false_share += wrong ? (double)wrong / (right + wrong) : 0;
	leaks_free(&leaks);
	spread_program_free(&program);
}

static void nothing_is_found_where_nothing_grows(void **state)
{
	struct tally tally = {0};

	(void)state;
	for (uint64_t seed = 1; seed <= 40 / SHARE; seed++)
		tally_run(&tally, 0, 120, seed);
	/* 2 of 40 are expected at most; seven or more have a chance of 0.4 % then. */
	if (tally.with_false > 6)
		fail_msg("found something in %u of %u runs", tally.with_false, tally.runs);
}

/* 80 rates over 20 places, four each: few of them can be proven. */
static void a_leak_over_many_places_is_found_at_its_function(void **state)
{
	struct tally tally = {0};

	(void)state;
	for (uint64_t seed = 1; seed <= 12 / SHARE; seed++)
		tally_run(&tally, 80, 30, seed);
	if (SHARE == 1 && (tally.found < 9 || tally.exact < 7 || tally.false_share > 2))
		fail_msg("of %u runs found in %u, at its function in %u, false %g", tally.runs, tally.found,
			 tally.exact, tally.false_share);
}

/* The same by two snapshots of it: the middle one and the last. */
static void two_snapshots_show_it_too(void **state)
{
	unsigned found = 0, wrong = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 24 / SHARE; seed++) {
		const bool leaks = seed <= 12 / SHARE;
		struct spread_program program;
		struct comparison comparison;
		bool right = false;
		spread_program_run(&program, RATE, leaks ? 80 : 0, leaks ? 30 : 120, seed);
		comparison_build(&comparison, program.series[program.count / 2], program.series[program.count - 1],
				 GROUP_BY_STACK);
		comparison_find_spreads(&comparison);
		for (uint32_t i = 0; i < comparison.spreads.count; i++) {
			const struct spread_place *spread = &comparison.spreads.items[i];
			right |= leaks && has_leak(spread);
			wrong += !leaks || !has_leak(spread);
			assert_true(spread->growth_bytes.low <= spread->growth &&
				    spread->growth <= spread->growth_bytes.high);
			assert_true(spread->growth_bytes.low > 0);
			assert_in_range(spread->places, 1, spread->stacks);
		}
		found += right;
		comparison_free(&comparison);
		spread_program_free(&program);
	}
	if (SHARE == 1 && (found < 9 || wrong > 5))
		fail_msg("of 12 found %u, and %u where nothing is", found, wrong);
}

/* As if the program had no symbols: every location has a label of its own. */
static void names_take_away(struct spread_program *program)
{
	struct profile *profile = program->series[0]; /* all have the same tables */

	for (uint32_t i = 1; i < profile->module_count; i++)
		profile->modules[i].label = i == 1 ? "app+0x" : "plugin.so+0x";
	for (uint32_t i = 0; i < profile->location_count; i++)
		profile->locations[i].labelled = true;
}

static void a_program_without_names_spreads_alike(void **state)
{
	struct spread_program programs[2];
	struct comparison comparisons[2];

	(void)state;
	for (int i = 0; i < 2; i++) {
		spread_program_run(&programs[i], RATE, 80, 30, 3);
		if (i)
			names_take_away(&programs[i]);
		comparison_build(&comparisons[i], programs[i].series[programs[i].count / 2],
				 programs[i].series[programs[i].count - 1], GROUP_BY_PLACE);
		comparison_find_spreads(&comparisons[i]);
	}
	assert_true(comparisons[0].spreads.count > 0);
	assert_int_equal(comparisons[1].count, comparisons[0].count);
	assert_int_equal(comparisons[1].spreads.count, comparisons[0].spreads.count);
	for (uint32_t k = 0; k < comparisons[0].spreads.count; k++) {
		const struct spread_place *named = &comparisons[0].spreads.items[k],
					  *other = &comparisons[1].spreads.items[k];
		assert_int_equal(other->level, named->level);
		assert_int_equal(other->stacks, named->stacks);
		assert_true(other->growth == named->growth && !other->line == !named->line);
		if (named->line)
			assert_string_equal(other->line->function, named->line->function);
	}
	for (int i = 0; i < 2; i++) {
		comparison_free(&comparisons[i]);
		spread_program_free(&programs[i]);
	}
}

/* The leak is on stacks below all functions, which allocate under one label. */
static void leak_by_label(struct spread_program *program)
{
	enum { EACH = SPREAD_SITES / SPREAD_HANDLERS };

	for (size_t i = 0; i < program->count; i++)
		for (uint32_t site = 0; site < SPREAD_SITES; site++) {
			struct profile_site *at = &program->series[i]->sites[site];
			const uint32_t stack = site % SPREAD_HANDLERS * EACH + site / SPREAD_HANDLERS;
			at->node = (stack + 1) * at->depth;
			at->label = site < EACH ? 2 : 0; /* named after that module */
		}
}

static void a_leak_under_a_label_is_found_there(void **state)
{
	unsigned found = 0, elsewhere = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 4; seed++) {
		struct spread_program program;
		struct leaks leaks;
		spread_program_run(&program, RATE, 80, 30, seed);
		leak_by_label(&program);
		leaks_and_spreads_of_profiles(&leaks, program.series, program.count, GROUP_BY_PLACE);
		for (uint32_t i = 0; i < leaks.spread_count; i++) {
			const struct spread_place *place = &leaks.spreads[i].place;
			const bool is_there = place->level == SPREAD_LABEL && strcmp(place->label, "gin.so") == 0 &&
					      leaks.spreads[i].row.verdict == LEAK_LEAK;
			found += is_there;
			elsewhere += !is_there;
		}
		leaks_free(&leaks);
		spread_program_free(&program);
	}
	assert_int_equal(found, 4);
	assert_in_range(elsewhere, 0, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_is_found_where_nothing_grows),
	    cmocka_unit_test(a_leak_over_many_places_is_found_at_its_function),
	    cmocka_unit_test(two_snapshots_show_it_too),
	    cmocka_unit_test(a_program_without_names_spreads_alike),
	    cmocka_unit_test(a_leak_under_a_label_is_found_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
