/* SPDX-License-Identifier: Apache-2.0 */
/* Which of several nested sets are reported. test_spread.c counts how often that is wrong. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "statistics/hierarchy.h"

/* Eight elements: the pairs, the fours, and all. */
static const uint32_t members[] = {0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7};
static const size_t begins[] = {0, 2, 4, 6, 8, 12, 16, 24};
static const struct hierarchy eight = {begins, members, 7, 8};
enum { FIRST_PAIR, SECOND_PAIR, THIRD_PAIR, FOURTH_PAIR, FIRST_FOUR, SECOND_FOUR, ALL };

static void the_lowest_set_that_explains_the_growth_is_told(void **state)
{
	const double p[] = {1, 1, 1e-5, 0.9, 1, 1e-4, 1e-3};
	const double growth[] = {0, 1, -1, 0, 9, 10, 1, 0};
	uint32_t found[7];

	(void)state;
	assert_int_equal(hierarchy_explain(&eight, p, growth, 0.05, found), 1);
	assert_int_equal(found[0], THIRD_PAIR);
}

static void a_set_that_explains_less_than_half_gives_way_to_the_larger(void **state)
{
	const double p[] = {1e-4, 0.2, 0.2, 0.1, 1e-5, 1e-3, 1e-9};
	const double growth[] = {3, 3, 2, 2, 3, 3, 2, 2};
	uint32_t found[7];

	(void)state;
	/* The pair has 6 of the four's 10, and the two fours have all of the whole. */
	assert_int_equal(hierarchy_explain(&eight, p, growth, 0.05, found), 2);
	assert_int_equal(found[0], FIRST_PAIR);
	assert_int_equal(found[1], SECOND_FOUR);
	const double even[] = {1, 1, 2, 2, 3, 3, 2, 2};
	assert_int_equal(hierarchy_explain(&eight, p, even, 0.05, found), 2);
	assert_int_equal(found[0], FIRST_FOUR);
}

static void the_bound_is_for_what_is_told(void **state)
{
	/* Seven tests, all alike, one of which is told: Benjamini and Hochberg's bound for seven would be 0.05. */
	const double p[] = {NAN, NAN, 0.02, NAN, NAN, 0.02, 0.02};
	const double growth[] = {0, 0, 0, 0, 5, 5, 0, 0};
	const double sure[] = {NAN, NAN, 0.016, NAN, NAN, 0.02, 0.02};
	uint32_t found[7];

	(void)state;
	assert_int_equal(hierarchy_explain(&eight, p, growth, 0.05, found), 0);
	assert_int_equal(hierarchy_explain(&eight, sure, growth, 0.05, found), 1);
	assert_int_equal(found[0], THIRD_PAIR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_lowest_set_that_explains_the_growth_is_told),
	    cmocka_unit_test(a_set_that_explains_less_than_half_gives_way_to_the_larger),
	    cmocka_unit_test(the_bound_is_for_what_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
