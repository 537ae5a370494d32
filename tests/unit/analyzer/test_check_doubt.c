/* SPDX-License-Identifier: Apache-2.0 */
/* What leaves a budget undecided, how that is named, and what would decide it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "statistics/measure.h"
#include "support/gate_maker.h"
#include "support/sample_program.h"

/* Had only one side line tables, inlined functions would be new there. */
static void what_only_one_side_can_name_does_not_fail(void **state)
{
	struct gate *gate = gate_create(BUDGET_EACH);

	(void)state;
	gate_add(gate, SIDE_AFTER, gate_leaky);
	struct profile *base = gate_add(gate, SIDE_BASE, gate_usual);
	for (uint32_t i = 0; i < base->module_count; i++)
		base->modules[i].has_lines = !base->modules[i].has_lines;
	const struct check_row *row = gate_check(gate);
	assert_int_equal(row->result, CHECK_UNDECIDED);
	assert_int_equal(row->doubt, DOUBT_NAMES);
	assert_string_equal(group_line(row->group)->function, "keep");
	gate_free(gate);
}

/* A growth that one run a side would call proven is not, if the runs of a side differ by more than that. */
static void a_spread_between_runs_counts(void **state)
{
	static const struct gate_site few[] = {{"main;serve;parse", 300}, {NULL, 0}},
				      many[] = {{"main;serve;parse", 800}, {NULL, 0}};

	(void)state;
	for (int spread = 0; spread < 2; spread++) {
		struct gate *gate = gate_create(BUDGET_OF_ALL("\"+10%\""));
		gate_add(gate, SIDE_AFTER, gate_more);
		gate_add(gate, SIDE_AFTER, gate_more);
		gate_add(gate, SIDE_BASE, spread ? few : gate_usual);
		gate_add(gate, SIDE_BASE, spread ? many : gate_usual);
		assert_true((gate_check(gate)->result == CHECK_FAIL) == (spread == 0));
		gate_free(gate);
	}
}

static void losses_are_part_of_the_decision(void **state)
{
	struct gate *gate = gate_create(BUDGET_OF_ALL("\"400M\""));

	(void)state;
	gate_add(gate, SIDE_AFTER, gate_usual)->losses[SEEP_LOSS_LIVE_FULL] = 3;
	assert_int_equal(gate_check(gate)->result, CHECK_UNDECIDED);
	assert_int_equal(gate->check.rows->doubt, DOUBT_LOST_AFTER);
	gate_free(gate);
	gate = gate_create(BUDGET_OF_ALL("\"200M\""));
	gate_add(gate, SIDE_AFTER, gate_usual)->losses[SEEP_LOSS_LIVE_FULL] = 3; /* there is even more */
	assert_int_equal(gate_check(gate)->result, CHECK_FAIL);
	gate_free(gate);
	gate = gate_create(BUDGET_OF_ALL("\"+10%\""));
	gate_add(gate, SIDE_AFTER, gate_more);
	gate_add(gate, SIDE_BASE, gate_usual)->losses[SEEP_LOSS_LIVE_FULL] = 3;
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
			struct profile *profile = gate_add(gate, i % 2 ? SIDE_BASE : SIDE_AFTER, gate_usual);
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
	struct gate *gate = gate_create(BUDGET_EACH);

	(void)state;
	gate_add(gate, SIDE_AFTER, gate_more)->trigger = SEEP_TRIGGER_TIMER;
	gate_add(gate, SIDE_BASE, gate_usual)->trigger = SEEP_TRIGGER_EXIT;
	assert_int_equal(gate_check(gate)->result, CHECK_UNDECIDED);
	assert_int_equal(gate->check.rows->doubt, DOUBT_MOMENTS);
	gate_free(gate);
}

/* The base had one large block and no small one: it may have had as many small ones as one sample stands for. */
static void what_one_side_has_shown_the_other_may_have_missed(void **state)
{
	static const struct gate_site none[] = {{"main;serve;parse", 0}, {NULL, 0}};
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

/* With fewer tests, each needs fewer samples. */
static void what_is_undecided_says_what_would_decide_it(void **state)
{
	static const struct gate_site here[] = {{"main;serve;parse", 120}, {NULL, 0}};
	struct gate *gate = gate_create(BUDGET_OF_ALL("\"50M\""));

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
	    cmocka_unit_test(what_only_one_side_can_name_does_not_fail),
	    cmocka_unit_test(a_spread_between_runs_counts),
	    cmocka_unit_test(losses_are_part_of_the_decision),
	    cmocka_unit_test(rss_of_one_run_a_side_decides_nothing_about_a_base),
	    cmocka_unit_test(moments_of_other_kinds_are_not_compared),
	    cmocka_unit_test(what_one_side_has_shown_the_other_may_have_missed),
	    cmocka_unit_test(what_is_undecided_says_what_would_decide_it),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
