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

#include "check/check.h"
#include "statistics/measure.h"
#include "support/profile_maker.h"
#include "support/sample_program.h"
#include "support/series_maker.h"

#define RATE (512 * 1024)
#define RUNS_MOST 4

/* The sites of a run, each with a number of samples of small objects. */
struct made {
	const char *stack;
	int samples;
};

/* Runs of both sides, and their check. */
struct gate {
	struct profile_maker *makers[2 * RUNS_MOST];
	size_t made;
	struct check_runs runs;
	struct budgets budgets;
	struct check check;
};

static struct gate *gate_create(const char *budgets)
{
	struct gate *gate = calloc(1, sizeof *gate);
	struct buffer text = {0};
	struct error error;

	buffer_printf(&text, "{\"schema\": \"seep.budgets/1\", %s}", budgets);
	write_source("b.json", text.data);
	if (!budgets_read(&gate->budgets, "b.json", INT64_C(1700000000), &error))
		fail_msg("%s", error.text);
	buffer_free(&text);
	for (int side = 0; side < SIDES; side++) {
		gate->runs.items[side] = calloc(RUNS_MOST, sizeof(struct check_run));
		gate->runs.work[side] = 1000;
	}
	gate->runs.profiles = calloc(2 * RUNS_MOST, sizeof(struct profile *));
	return gate;
}

static struct profile *gate_add(struct gate *gate, enum check_side side, const struct made *sites)
{
	struct profile_maker *maker = profile_maker_create("server");

	for (; sites->stack; sites++) {
		struct profile_site *site = profile_maker_add(maker, sites->stack, (struct made_values){0});
		for (int i = 0; i < sites->samples; i++)
			measure_add_sample(&site->allocated, 64, RATE);
		site->in_use = site->allocated;
	}
	struct profile *profile = profile_maker_profile(maker);
	struct check_run *run = &gate->runs.items[side][gate->runs.count[side]++];
	*run = (struct check_run){.path = "run", .moments = {gate->made, gate->made, MOMENT_NONE, gate->made}};
	gate->makers[gate->made] = maker;
	gate->runs.profiles[gate->made++] = profile;
	gate->runs.profile_count = gate->made;
	return profile;
}

static const struct check_row *gate_check(struct gate *gate)
{
	check_make(&gate->check, &gate->budgets, &gate->runs, CHECK_CHANCE);
	return gate->check.rows;
}

static void gate_free(struct gate *gate)
{
	check_free(&gate->check);
	budgets_free(&gate->budgets);
	for (size_t i = 0; i < gate->made; i++)
		profile_maker_free(gate->makers[i]);
	for (int side = 0; side < SIDES; side++)
		free(gate->runs.items[side]);
	free(gate->runs.profiles);
	free(gate);
}

static const struct made usual[] = {{"main;serve;parse", 400}, {"main;serve;render", 100}, {"main;log", 20}, {NULL, 0}};
static const struct made more[] = {{"main;serve;parse", 700}, {"main;serve;render", 100}, {"main;log", 20}, {NULL, 0}};
static const struct made leaky[] = {
    {"main;serve;parse", 400}, {"main;serve;render", 100}, {"main;log", 20}, {"main;serve;keep", 20}, {NULL, 0}};

#define PROCESS(most) "\"budgets\": [{\"name\": \"all\", \"measure\": \"allocated\", \"most\": " most "}]"
#define EACH                                                                                                           \
	"\"budgets\": [{\"name\": \"each\", \"measure\": \"in_use\", \"most\": \"+20%\", \"each\": \"place\", "        \
	"\"floor\": \"2M\"}]"

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
		gate_add(gate, SIDE_AFTER, usual);
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
	struct gate *gate = gate_create(PROCESS("\"+10%\""));

	(void)state;
	gate_add(gate, SIDE_AFTER, more);
	gate_add(gate, SIDE_BASE, usual);
	const struct check_row *row = gate_check(gate);
	assert_int_equal(row->result, CHECK_FAIL);
	assert_string_equal(group_line(row->group)->function, "parse");
	assert_true(fabs(row->share - 300.0 * RATE) < RATE);
	assert_true(fabs(row->limit - row->base * 1.1) < 1);
	gate_free(gate);
}

static void equal_runs_do_not_fail_and_no_base_is_no_pass(void **state)
{
	struct gate *gate = gate_create(PROCESS("\"+10%\""));

	(void)state;
	gate_add(gate, SIDE_AFTER, usual);
	gate_add(gate, SIDE_BASE, usual);
	assert_true(gate_check(gate)->result != CHECK_FAIL);
	gate_free(gate);
	gate = gate_create(PROCESS("\"+10%\""));
	gate_add(gate, SIDE_AFTER, usual);
	assert_int_equal(gate_check(gate)->result, CHECK_UNDECIDED);
	assert_int_equal(gate->check.rows->doubt, DOUBT_NO_BASE);
	gate_free(gate);
}

/* 20 samples of a place that the base never had; the others are as they were. */
static void a_new_place_of_twenty_samples_fails(void **state)
{
	struct gate *gate = gate_create(EACH);

	(void)state;
	gate_add(gate, SIDE_AFTER, leaky);
	gate_add(gate, SIDE_BASE, usual);
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
	struct profile *profile = gate_add(gate, SIDE_AFTER, usual);
	assert_int_equal(gate_check(gate)->result, CHECK_PASS);
	check_free(&gate->check);
	profile->memory_known |= UINT64_C(1) << SEEP_MEMORY_IN_USE_PEAK;
	profile->memory[SEEP_MEMORY_IN_USE_PEAK] = UINT64_C(800) << 20;
	const struct check_row *row = gate_check(gate);
	assert_int_equal(row->result, CHECK_FAIL);
	assert_null(row->group);
	gate_free(gate);
}

/* Had only one side line tables, inlined functions would be new there. */
static void what_only_one_side_can_name_does_not_fail(void **state)
{
	struct gate *gate = gate_create(EACH);

	(void)state;
	gate_add(gate, SIDE_AFTER, leaky);
	struct profile *base = gate_add(gate, SIDE_BASE, usual);
	for (uint32_t i = 0; i < base->module_count; i++)
		base->modules[i].has_lines = !base->modules[i].has_lines;
	const struct check_row *row = gate_check(gate);
	assert_int_equal(row->result, CHECK_UNDECIDED);
	assert_int_equal(row->doubt, DOUBT_NAMES);
	assert_string_equal(group_line(row->group)->function, "keep");
	gate_free(gate);
}

#define SUPPRESSED(until)                                                                                              \
	", \"suppressions\": [{\"function\": \"keep\", \"reason\": \"known\", \"until\": \"" until "\"}]"

static void a_suppressed_place_does_not_count_until_its_day(void **state)
{
	for (int expired = 0; expired < 2; expired++) {
		struct gate *gate =
		    gate_create(expired ? EACH SUPPRESSED("2020-01-01") : EACH SUPPRESSED("2199-01-01"));
		gate_add(gate, SIDE_AFTER, leaky);
		gate_add(gate, SIDE_BASE, usual);
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
		gate_add(gate, SIDE_AFTER, usual);
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
	gate_add(gate, SIDE_AFTER, usual);
	gate_add(gate, SIDE_AFTER, more);
	assert_true(fabs(gate_check(gate)->value - 670.0 * RATE / 1000) < RATE / 1000.0);
	gate_free(gate);
}

static enum check_result result_of(const char *measure, const char *most)
{
	struct buffer text = {0};

	buffer_printf(&text, "\"budgets\": [{\"name\": \"a\", \"measure\": \"%s\", \"most\": %s}]", measure, most);
	struct gate *gate = gate_create(text.data);
	struct profile *profile = gate_add(gate, SIDE_AFTER, usual);
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
		gate_add(gate, SIDE_AFTER, leaky);
		gate_add(gate, SIDE_BASE, usual);
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
	gate_add(gate, SIDE_AFTER, more)->memory[SEEP_MEMORY_WORK] = 820;
	gate_add(gate, SIDE_AFTER, usual)->memory[SEEP_MEMORY_WORK] = 520;
	gate_add(gate, SIDE_BASE, usual)->memory[SEEP_MEMORY_WORK] = 520;
	const struct check_row *row = gate_check(gate);
	assert_true(fabs(row->value - RATE) < RATE / 1000.0 && fabs(row->base - RATE) < RATE / 1000.0);
	check_free(&gate->check);
	gate->runs.profiles[1]->memory[SEEP_MEMORY_WORK] = 0;
	row = gate_check(gate);
	assert_int_equal(row->result, CHECK_UNDECIDED);
	assert_int_equal(row->doubt, DOUBT_NO_WORK);
	gate_free(gate);
}

/* A growth that one run a side would call proven is not, if the runs of a side differ by more than that. */
static void a_spread_between_runs_counts(void **state)
{
	static const struct made few[] = {{"main;serve;parse", 300}, {NULL, 0}},
				 many[] = {{"main;serve;parse", 800}, {NULL, 0}};

	(void)state;
	for (int spread = 0; spread < 2; spread++) {
		struct gate *gate = gate_create(PROCESS("\"+10%\""));
		gate_add(gate, SIDE_AFTER, more);
		gate_add(gate, SIDE_AFTER, more);
		gate_add(gate, SIDE_BASE, spread ? few : usual);
		gate_add(gate, SIDE_BASE, spread ? many : usual);
		assert_true((gate_check(gate)->result == CHECK_FAIL) == (spread == 0));
		gate_free(gate);
	}
}

static void losses_are_part_of_the_decision(void **state)
{
	struct gate *gate = gate_create(PROCESS("\"400M\""));

	(void)state;
	gate_add(gate, SIDE_AFTER, usual)->losses[SEEP_LOSS_LIVE_FULL] = 3;
	assert_int_equal(gate_check(gate)->result, CHECK_UNDECIDED);
	assert_int_equal(gate->check.rows->doubt, DOUBT_LOST_AFTER);
	gate_free(gate);
	gate = gate_create(PROCESS("\"200M\""));
	gate_add(gate, SIDE_AFTER, usual)->losses[SEEP_LOSS_LIVE_FULL] = 3; /* there is even more */
	assert_int_equal(gate_check(gate)->result, CHECK_FAIL);
	gate_free(gate);
	gate = gate_create(PROCESS("\"+10%\""));
	gate_add(gate, SIDE_AFTER, more);
	gate_add(gate, SIDE_BASE, usual)->losses[SEEP_LOSS_LIVE_FULL] = 3;
	assert_int_equal(gate_check(gate)->result, CHECK_UNDECIDED);
	assert_int_equal(gate->check.rows->doubt, DOUBT_LOST);
	gate_free(gate);
}

static void rss_of_one_run_a_side_decides_nothing_about_a_base(void **state)
{
	for (int runs = 1; runs <= 2; runs++) {
		struct gate *gate =
		    gate_create("\"budgets\": [{\"name\": \"rss\", \"measure\": \"rss\", \"most\": \"+10%\"}]");
		for (int i = 0; i < 2 * runs; i++) {
			struct profile *profile = gate_add(gate, i % 2 ? SIDE_BASE : SIDE_AFTER, usual);
			profile->memory_known |= UINT64_C(1) << SEEP_MEMORY_RSS;
			profile->memory[SEEP_MEMORY_RSS] = i % 2 ? 100 << 20 : 150 << 20;
		}
		const struct check_row *row = gate_check(gate);
		assert_int_equal(row->result, runs == 1 ? CHECK_UNDECIDED : CHECK_FAIL);
		assert_int_equal(row->doubt, runs == 1 ? DOUBT_ONE_RUN : DOUBT_NONE);
		gate_free(gate);
	}
	(void)state;
}

/* What is in use at the end of one run, and before the shutdown of another, says nothing about either program. */
static void moments_of_other_kinds_are_not_compared(void **state)
{
	struct gate *gate = gate_create(EACH);

	(void)state;
	gate_add(gate, SIDE_AFTER, more)->trigger = SEEP_TRIGGER_TIMER;
	gate_add(gate, SIDE_BASE, usual)->trigger = SEEP_TRIGGER_EXIT;
	assert_int_equal(gate_check(gate)->result, CHECK_UNDECIDED);
	assert_int_equal(gate->check.rows->doubt, DOUBT_MOMENTS);
	gate_free(gate);
}

/* The base had one large block and no small one: it may have had as many small ones as one sample stands for. */
static void what_one_side_has_shown_the_other_may_have_missed(void **state)
{
	static const struct made none[] = {{"main;serve;parse", 0}, {NULL, 0}};
	struct gate *gate =
	    gate_create("\"budgets\": [{\"name\": \"calls\", \"measure\": \"allocations\", \"most\": \"+10%\"}]");

	(void)state;
	measure_add_sample(&gate_add(gate, SIDE_AFTER, none)->sites[0].allocated, 8, RATE);
	measure_add_sample(&gate_add(gate, SIDE_BASE, none)->sites[0].allocated, RATE, RATE);
	const struct check_row *row = gate_check(gate);
	assert_true(row->value > 1000 * row->limit);
	assert_int_equal(row->result, CHECK_UNDECIDED);
	assert_true(isnan(row->p) && row->low < row->limit);
	assert_true(row->low == 0); /* as what one side may have missed is more than there is */
	gate_free(gate);
}

/* Many objects that are never freed, one every four seconds, and one that is copied into ever larger ones. */
static struct profile **leaking_series(unsigned leaked, size_t snapshots)
{
	enum { LEAKED_MOST = 150, VECTORS = 6, SNAPSHOTS_MOST = 40 };
	static const uint64_t second = UINT64_C(1000000000);
	struct taken samples[LEAKED_MOST + VECTORS];
	uint64_t times[SNAPSHOTS_MOST];
	size_t count = 0;

	for (unsigned i = 0; i < leaked; i++)
		samples[count++] = (struct taken){4 * i * second + 1, UINT64_MAX, 64, 0, false, false, false};
	for (unsigned i = 0; i < VECTORS; i++)
		samples[count++] = (struct taken){
		    (7 << i) * second - 1, (14 << i) * second + 1, (uint64_t)RATE << i, 1, false, false, false};
	for (size_t i = 0; i < snapshots; i++)
		times[i] = (14 * i + 14) * second;
	return series_make(&(struct series_plan){1, times, snapshots, RATE, 2}, samples, count);
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
		struct profile **series = leaking_series(rows[i].leaked, rows[i].snapshots);
		char text[128];
		snprintf(text, sizeof text, "\"budgets\": [{\"name\": \"a\", \"measure\": \"leaks\", \"most\": %s}]",
			 rows[i].most);
		struct gate *gate = gate_create(text);
		gate_add(gate, SIDE_AFTER, usual);
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

/* With fewer tests, each needs fewer samples. */
static void what_is_undecided_says_what_would_decide_it(void **state)
{
	static const struct made here[] = {{"main;serve;parse", 120}, {NULL, 0}};
	struct gate *gate = gate_create(PROCESS("\"50M\""));

	(void)state;
	gate_add(gate, SIDE_AFTER, here);
	const struct check_row *row = gate_check(gate);
	assert_int_equal(row->result, CHECK_UNDECIDED);
	assert_true(row->needed_rate > 0 && row->needed_rate < RATE);
	assert_true(row->needed_runs > 1);
	gate_free(gate);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(only_what_is_proven_fails),
	    cmocka_unit_test(what_grew_against_the_base_names_its_place),
	    cmocka_unit_test(equal_runs_do_not_fail_and_no_base_is_no_pass),
	    cmocka_unit_test(a_new_place_of_twenty_samples_fails),
	    cmocka_unit_test(a_peak_that_no_snapshot_shows_names_no_place),
	    cmocka_unit_test(what_only_one_side_can_name_does_not_fail),
	    cmocka_unit_test(a_suppressed_place_does_not_count_until_its_day),
	    cmocka_unit_test(calls_and_modules_are_parts),
	    cmocka_unit_test(work_divides_and_runs_are_means),
	    cmocka_unit_test(a_program_may_count_its_work_itself),
	    cmocka_unit_test(every_measure_has_a_limit),
	    cmocka_unit_test(places_are_held_by_any_kind),
	    cmocka_unit_test(a_spread_between_runs_counts),
	    cmocka_unit_test(losses_are_part_of_the_decision),
	    cmocka_unit_test(rss_of_one_run_a_side_decides_nothing_about_a_base),
	    cmocka_unit_test(a_sure_leak_fails_and_what_may_be_none_is_named),
	    cmocka_unit_test(what_is_undecided_says_what_would_decide_it),
	    cmocka_unit_test(moments_of_other_kinds_are_not_compared),
	    cmocka_unit_test(what_one_side_has_shown_the_other_may_have_missed),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
