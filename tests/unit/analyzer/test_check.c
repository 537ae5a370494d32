/* SPDX-License-Identifier: Apache-2.0 */
/* Budgets on made-up runs: which fail, which pass, which are undecided and why, and which place is named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/gate_maker.h"
#include "support/sample_program.h"
#include "support/series_maker.h"

static void only_what_is_proven_fails(void **state)
{
	static const struct {
		const char *most;
		enum check_result result;
	} rows[] = {{"\"400M\"", CHECK_PASS}, {"\"250M\"", CHECK_UNDECIDED}, {"\"200M\"", CHECK_FAIL}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[128];
		snprintf(text, sizeof text,
			 "\"budgets\": [{\"name\": \"all\", \"measure\": \"allocated\", \"most\": %s}]", rows[i].most);
		struct gate *gate = gate_create(text);
		gate_add(gate, SIDE_AFTER, gate_usual);
		const struct check_row *row = gate_check(gate);
		assert_int_equal(gate->check.count, 1);
		assert_int_equal(row->result, rows[i].result);
		assert_int_equal(gate->check.result, rows[i].result);
		assert_int_equal(gate->check.results[rows[i].result], 1);
		assert_true(row->low < row->value && row->value < row->high);
		if (row->result == CHECK_FAIL)
			assert_true(row->low > row->limit && row->p <= CHECK_CHANCE);
		if (row->result == CHECK_PASS)
			assert_true(row->high <= row->limit);
		if (row->result == CHECK_UNDECIDED)
			assert_true(row->doubt == DOUBT_SAMPLING);
		gate_free(gate);
	}
}

static void what_grew_against_the_base_names_its_place(void **state)
{
	struct gate *gate = gate_create(BUDGET_OF_ALL("\"+10%\""));

	(void)state;
	gate_add(gate, SIDE_AFTER, gate_more);
	gate_add(gate, SIDE_BASE, gate_usual);
	const struct check_row *row = gate_check(gate);
	assert_int_equal(row->result, CHECK_FAIL);
	assert_string_equal(group_line(row->group)->function, "parse");
	assert_true(fabs(row->share - 300.0 * RATE) < RATE);
	assert_true(fabs(row->limit - row->base * 1.1) < 1);
	gate_free(gate);
}

static void equal_runs_do_not_fail_and_no_base_is_no_pass(void **state)
{
	struct gate *gate = gate_create(BUDGET_OF_ALL("\"+10%\""));

	(void)state;
	gate_add(gate, SIDE_AFTER, gate_usual);
	gate_add(gate, SIDE_BASE, gate_usual);
	assert_true(gate_check(gate)->result != CHECK_FAIL);
	gate_free(gate);
	gate = gate_create(BUDGET_OF_ALL("\"+10%\""));
	gate_add(gate, SIDE_AFTER, gate_usual);
	assert_int_equal(gate_check(gate)->result, CHECK_UNDECIDED);
	assert_int_equal(gate->check.rows->doubt, DOUBT_NO_BASE);
	gate_free(gate);
}

/* 20 samples of a place that the base never had; the others are as they were. */
static void a_new_place_of_twenty_samples_fails(void **state)
{
	struct gate *gate = gate_create(BUDGET_EACH);

	(void)state;
	gate_add(gate, SIDE_AFTER, gate_leaky);
	gate_add(gate, SIDE_BASE, gate_usual);
	const struct check_row *row = gate_check(gate);
	assert_int_equal(gate->check.count, 1);
	assert_int_equal(row->result, CHECK_FAIL);
	assert_string_equal(group_line(row->group)->function, "keep");
	assert_int_equal((int)gate->check.tests, 4);
	gate_free(gate);
}

/* The counter has a peak between two snapshots, which show another place's memory. */
static void a_peak_that_no_snapshot_shows_names_no_place(void **state)
{
	struct gate *gate = gate_create("\"budgets\": [{\"name\": \"a\", \"measure\": \"peak\", \"most\": \"400M\"}]");

	(void)state;
	struct profile *profile = gate_add(gate, SIDE_AFTER, gate_usual);
	assert_int_equal(gate_check(gate)->result, CHECK_PASS);
	check_free(&gate->check);
	profile->memory_known |= UINT64_C(1) << SEEP_MEMORY_IN_USE_PEAK;
	profile->memory[SEEP_MEMORY_IN_USE_PEAK] = UINT64_C(800) << 20;
	const struct check_row *row = gate_check(gate);
	assert_int_equal(row->result, CHECK_FAIL);
	assert_null(row->group);
	gate_free(gate);
}

#define SUPPRESSED(until)                                                                                              \
	", \"suppressions\": [{\"function\": \"keep\", \"reason\": \"known\", \"until\": \"" until "\"}]"

static void a_suppressed_place_does_not_count_until_its_day(void **state)
{
	for (int expired = 0; expired < 2; expired++) {
		struct gate *gate =
		    gate_create(expired ? BUDGET_EACH SUPPRESSED("2020-01-01") : BUDGET_EACH SUPPRESSED("2199-01-01"));
		gate_add(gate, SIDE_AFTER, gate_leaky);
		gate_add(gate, SIDE_BASE, gate_usual);
		gate_check(gate);
		assert_true((gate->check.result == CHECK_FAIL) == (expired == 1));
		gate_free(gate);
	}
	(void)state;
}

static void calls_and_modules_are_parts(void **state)
{
	static const struct {
		const char *part;
		double samples;
	} rows[] = {{"\"function\": \"serve\"", 500},       {"\"site\": [\"parse\", \"main\"]", 400},
		    {"\"site\": [\"main\", \"parse\"]", 0}, {"\"function\": \"r*\"", 100},
		    {"\"module\": \"serv*\"", 520},         {"\"module\": \"other\"", 0}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[256];
		snprintf(text, sizeof text,
			 "\"budgets\": [{\"name\": \"part\", \"measure\": \"allocated\", \"most\": \"1G\", %s}]",
			 rows[i].part);
		struct gate *gate = gate_create(text);
		gate_add(gate, SIDE_AFTER, gate_usual);
		const struct check_row *row = gate_check(gate);
		if (fabs(row->value - rows[i].samples * RATE) > RATE)
			fail_msg("%s: %g samples", rows[i].part, row->value / RATE);
		/* A budget whose names match nothing may be misspelt. */
		assert_int_equal(row->result, rows[i].samples > 0 ? CHECK_PASS : CHECK_UNDECIDED);
		gate_free(gate);
	}
}

static void work_divides_and_runs_are_means(void **state)
{
	struct gate *gate = gate_create(
	    "\"budgets\": [{\"name\": \"a\", \"measure\": \"allocated\", \"most\": \"1G\", \"per_work\": true}]");

	(void)state;
	gate_add(gate, SIDE_AFTER, gate_usual);
	gate_add(gate, SIDE_AFTER, gate_more);
	assert_true(fabs(gate_check(gate)->value - 670.0 * RATE / 1000) < RATE / 1000.0);
	gate_free(gate);
}

static enum check_result result_of(const char *measure, const char *most)
{
	struct buffer text = {0};

	buffer_printf(&text, "\"budgets\": [{\"name\": \"a\", \"measure\": \"%s\", \"most\": %s}]", measure, most);
	struct gate *gate = gate_create(text.data);
	struct profile *profile = gate_add(gate, SIDE_AFTER, gate_usual);
	profile->memory_known |= UINT64_C(1) << SEEP_MEMORY_RSS | UINT64_C(1) << SEEP_MEMORY_RSS_PEAK;
	profile->memory[SEEP_MEMORY_RSS] = profile->memory[SEEP_MEMORY_RSS_PEAK] = 300 << 20;
	const enum check_result result = gate_check(gate)->result;
	gate_free(gate);
	buffer_free(&text);
	return result;
}

static void every_measure_has_a_limit(void **state)
{
	static const struct {
		const char *measure, *below, *above;
	} rows[] = {{"in_use", "\"200M\"", "\"400M\""},    {"objects", "3000000", "6000000"},
		    {"peak", "\"200M\"", "\"400M\""},      {"allocated", "\"200M\"", "\"400M\""},
		    {"allocations", "3000000", "6000000"}, {"rss", "\"299M\"", "\"301M\""},
		    {"rss_peak", "\"299M\"", "\"301M\""}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(result_of(rows[i].measure, rows[i].below), CHECK_FAIL);
		assert_int_equal(result_of(rows[i].measure, rows[i].above), CHECK_PASS);
	}
	/* With one moment neither can be told. */
	assert_int_equal(result_of("growth", "1"), CHECK_UNDECIDED);
	assert_int_equal(result_of("leaks", "0"), CHECK_UNDECIDED);
	assert_int_equal(result_of("lost", "0"), CHECK_UNDECIDED);
}

static void places_are_held_by_any_kind(void **state)
{
	static const char *const kinds[] = {"place", "function", "line", "stack"};

	(void)state;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		struct buffer text = {0};
		buffer_printf(&text,
			      "\"budgets\": [{\"name\": \"each\", \"measure\": \"in_use\", \"most\": \"+20%%\", "
			      "\"floor\": \"2M\", \"each\": \"%s\"}]",
			      kinds[i]);
		struct gate *gate = gate_create(text.data);
		gate_add(gate, SIDE_AFTER, gate_leaky);
		gate_add(gate, SIDE_BASE, gate_usual);
		assert_int_equal(gate_check(gate)->result, CHECK_FAIL);
		assert_int_equal(gate->check.count, 1);
		assert_string_equal(group_line(gate->check.rows->group)->function, "keep");
		gate_free(gate);
		buffer_free(&text);
	}
}

/* Each run's own count, if the command line has none. */
static void a_program_may_count_its_work_itself(void **state)
{
	struct gate *gate = gate_create(
	    "\"budgets\": [{\"name\": \"a\", \"measure\": \"allocated\", \"most\": \"+10%\", \"per_work\": true}]");

	(void)state;
	gate->runs.work[SIDE_AFTER] = gate->runs.work[SIDE_BASE] = 0;
	gate_add(gate, SIDE_AFTER, gate_more)->memory[SEEP_MEMORY_WORK] = 820;
	gate_add(gate, SIDE_AFTER, gate_usual)->memory[SEEP_MEMORY_WORK] = 520;
	gate_add(gate, SIDE_BASE, gate_usual)->memory[SEEP_MEMORY_WORK] = 520;
	const struct check_row *row = gate_check(gate);
	assert_true(fabs(row->value - RATE) < RATE / 1000.0 && fabs(row->base - RATE) < RATE / 1000.0);
	check_free(&gate->check);
	gate->runs.profiles[1]->memory[SEEP_MEMORY_WORK] = 0;
	row = gate_check(gate);
	assert_int_equal(row->result, CHECK_UNDECIDED);
	assert_int_equal(row->doubt, DOUBT_NO_WORK);
	gate_free(gate);
}

static void a_sure_leak_fails_and_what_may_be_none_is_named(void **state)
{
	static const struct {
		unsigned leaked;
		size_t snapshots;
		const char *most;
		enum check_result result;
		double low, high;
		enum leak_verdict named;
	} rows[] = {
	    {150, 40, "0", CHECK_FAIL, 1, 1, LEAK_LEAK},
	    {150, 40, "1", CHECK_PASS, 1, 1, LEAK_VERDICTS},
	    {60, 17, "0", CHECK_UNDECIDED, 0, 2, LEAK_LEAK}, /* it may be a cache that fills, beside one that grows */
	    {60, 17, "2", CHECK_PASS, 0, 2, LEAK_VERDICTS},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct profile **series = series_with_a_vector(RATE, rows[i].leaked, rows[i].snapshots);
		char text[128];
		snprintf(text, sizeof text, "\"budgets\": [{\"name\": \"a\", \"measure\": \"leaks\", \"most\": %s}]",
			 rows[i].most);
		struct gate *gate = gate_create(text);
		gate_add(gate, SIDE_AFTER, gate_usual);
		struct check_run *run = gate->runs.items[SIDE_AFTER];
		run->is_judged = true;
		leaks_of_profiles(&run->leaks, series, rows[i].snapshots, GROUP_BY_STACK);
		const struct check_row *row = gate_check(gate);
		assert_int_equal(row->result, rows[i].result);
		assert_true(row->low == rows[i].low && row->high == rows[i].high);
		assert_int_equal(row->leak ? row->leak->verdict : LEAK_VERDICTS, rows[i].named);
		leaks_free(&run->leaks);
		gate_free(gate);
		series_free_profiles(series, rows[i].snapshots);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(only_what_is_proven_fails),
	    cmocka_unit_test(what_grew_against_the_base_names_its_place),
	    cmocka_unit_test(equal_runs_do_not_fail_and_no_base_is_no_pass),
	    cmocka_unit_test(a_new_place_of_twenty_samples_fails),
	    cmocka_unit_test(a_peak_that_no_snapshot_shows_names_no_place),
	    cmocka_unit_test(a_suppressed_place_does_not_count_until_its_day),
	    cmocka_unit_test(calls_and_modules_are_parts),
	    cmocka_unit_test(work_divides_and_runs_are_means),
	    cmocka_unit_test(a_program_may_count_its_work_itself),
	    cmocka_unit_test(every_measure_has_a_limit),
	    cmocka_unit_test(places_are_held_by_any_kind),
	    cmocka_unit_test(a_sure_leak_fails_and_what_may_be_none_is_named),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
