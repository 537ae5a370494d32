/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What holds of every interval and p-value, whatever the sums: ends in order, an equation that an end solves, two ways
 * to the same answer. How often an interval covers the truth is test_interval_coverage's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "statistics/gamma.h"
#include "statistics/interval.h"
#include "statistics/measure.h"
#include "support/draws.h"

#define DRAWS 20000

/* The equation that the end solves, for effective numbers of every size. */
static void a_selected_low_end_has_its_chance(void **state)
{
	const double least[] = {0.3, 1, 7.5};

	(void)state;
	for (double number = 1.01; number < 3000; number *= 1.3)
		for (size_t i = 0; i < sizeof least / sizeof *least; i++) {
			const struct seep_sum sum = {.uncertain = number, .variance = number, .largest = 1};
			const double low = sum_low_selected(&sum, least[i], ALPHA);
			if (number <= least[i]) {
				assert_float_equal(low, 0, 0);
				continue;
			}
			if (low == 0) /* below 1e-260 */
				continue;
			const double chance =
			    gamma_probability(number, low, TAIL_LOWER) / gamma_probability(least[i], low, TAIL_LOWER);
			assert_float_equal(chance, ALPHA / 2, 1e-6);
		}
}

static void a_low_end_without_selection_is_the_usual_one(void **state)
{
	struct seep_measure measure = {0};

	(void)state;
	random_seed(8);
	program_allocate(&measure, 64, 40 * RATE);
	const double usual = sum_interval(&measure.bytes, RATE, ALPHA).low;
	assert_float_equal(sum_low_selected(&measure.bytes, 0, ALPHA), usual, 1e-9 * usual);
	assert_float_equal(sum_low_selected(&measure.bytes, 1, ALPHA), usual, 1e-3 * usual);
	assert_float_equal(sum_low_selected(&measure.bytes, (double)measure.samples + 1, ALPHA), 0, 1e-9);
}

static void p_value_agrees_with_the_interval(void **state)
{
	(void)state;
	random_seed(5);
	for (int trial = 0; trial < 300; trial++) {
		struct seep_measure fresh = {0}, gone = {0};
		program_allocate(&fresh, 64, 40 * random_unit() * RATE);
		program_allocate(&gone, 3 * RATE, 20 * random_unit() * RATE);
		const double unseen = trial % 2 ? RATE : 0;
		const double p = difference_p_value(&fresh.bytes, &gone.bytes, unseen);
		assert_true(p >= 0 && p <= 1);
		if (p <= 1e-290 || p >= 1)
			continue;
		const struct interval in = difference_interval(&fresh.bytes, &gone.bytes, unseen, p * 1.0001);
		const struct interval out = difference_interval(&fresh.bytes, &gone.bytes, unseen, p * 0.9999);
		assert_true(in.low > 0 || in.high < 0);
		assert_true(out.low <= 0 && out.high >= 0);
	}
}

/* Many shapes of sets, and some that no samples have. */
static void the_table_agrees_with_the_interval(void **state)
{
	static struct reach_table table;
	int excluded = 0;

	(void)state;
	random_seed(15);
	for (int trial = 0; trial < DRAWS; trial++) {
		struct seep_sum sums[2] = {0};
		for (int k = 0; k < 2; k++) {
			const double samples = floor(exp(random_unit() * 12) * (random_unit() < 0.9));
			sums[k].uncertain = RATE * samples * (1 + random_unit());
			sums[k].largest = samples > 0 ? RATE * (1 + 3 * random_unit()) : 0;
			sums[k].variance = sums[k].uncertain * sums[k].largest * (random_unit() < 0.9);
			sums[k].certain = random_unit() < 0.2 ? 30 * RATE * random_unit() : 0;
		}
		if (trial % 2) /* near to each other, where the decision is hard */
			sums[1] = sums[0],
			sums[1].uncertain *= 1 + random_unit() / sqrt(1 + sums[0].uncertain / RATE) * 6;
		const double unseen = trial % 3 ? RATE : 0;
		const struct interval interval = difference_interval(&sums[0], &sums[1], unseen, ALPHA);
		const bool excludes = interval.low > 0 || interval.high < 0;
		assert_true(difference_excludes_zero(&table, &sums[0], &sums[1], unseen) == excludes);
		excluded += excludes;
	}
	assert_in_range(excluded, DRAWS / 10, DRAWS - DRAWS / 10);
}

static void nothing_seen_is_bounded_by_the_rate(void **state)
{
	const struct seep_sum none = {0};
	const struct seep_sum certain = {.certain = 1e9};
	struct interval interval = sum_interval(&none, unseen_bytes(RATE), ALPHA);

	(void)state;
	assert_true(interval.low == 0);
	assert_true(fabs(interval.high - 3.6889 * RATE) < 1e-4 * RATE);
	interval = sum_interval(&none, unseen_bytes(1), ALPHA); /* every allocation was seen */
	assert_true(interval.low == 0 && interval.high == 0);
	interval = sum_interval(&certain, 0, ALPHA);
	assert_true(interval.low == 1e9 && interval.high == 1e9);
	interval = sum_interval(&certain, RATE, ALPHA);
	assert_true(interval.low == 1e9 && fabs(interval.high - 1e9 - 3.6889 * RATE) < 1e-4 * RATE);
}

static void certain_growth_has_no_doubt(void **state)
{
	const struct seep_sum none = {0};
	const struct seep_sum certain = {.certain = 64};
	const struct interval interval = difference_interval(&certain, &none, 0, ALPHA);

	(void)state;
	assert_true(interval.low == 64 && interval.high == 64);
	assert_true(difference_p_value(&certain, &none, 0) == 0);
	assert_true(difference_p_value(&none, &certain, 0) == 0);
	assert_true(difference_p_value(&none, &none, 0) == 1);
	assert_true(difference_p_value(&none, &none, RATE) == 1);
}

/* A table that doubles: one large block is new, one of half its size is gone. Neither is proof of growth. */
static void one_doubled_table_is_not_called(void **state)
{
	struct seep_measure fresh = {0}, gone = {0};

	(void)state;
	measure_add_sample(&fresh, 2u * RATE, RATE);
	measure_add_sample(&gone, RATE, RATE);
	assert_true(difference_p_value(&fresh.bytes, &gone.bytes, RATE) > 0.05);
}

/* A number of any size that a double has, often one of those at which formulas break. */
static double random_extreme(void)
{
	static const double corners[] = {0, 1, 0x1p-1074, 1e-300, 1e-154, 1e99, 1e154, 1e200};

	if (random_unit() < 0.4)
		return corners[(size_t)(random_unit() * 7.99)];
	return pow(10, random_unit() * 500 - 300);
}

static void assert_ends(double low, double value, double high)
{
	assert_true(isfinite(low) && isfinite(high));
	assert_true(low <= value && value <= high);
}

static void any_sums_have_ends_in_order(void **state)
{
	(void)state;
	random_seed(11);
	for (int i = 0; i < DRAWS / 80; i++) {
		const struct seep_sum sums[] = {
		    {random_extreme(), random_extreme(), random_extreme() * (random_unit() < 0.5), random_extreme()},
		    {random_extreme(), random_extreme(), random_extreme() * (random_unit() < 0.5), random_extreme()}};
		const double unseen = random_unit() < 0.3 ? 0 : pow(10, 19 * random_unit());
		const double alpha = random_unit() < 0.5 ? ALPHA : pow(10, -300 * random_unit());
		const double estimate = sum_estimate(&sums[0]), growth = estimate - sum_estimate(&sums[1]);
		const struct interval one = sum_interval(&sums[0], unseen, alpha);
		const struct interval two = difference_interval(&sums[0], &sums[1], unseen, alpha);
		assert_ends(one.low, estimate, one.high);
		assert_ends(two.low, growth, two.high);
		assert_true(sum_low_selected(&sums[0], 2, alpha) <= estimate);
		const double p = difference_p_value(&sums[0], &sums[1], unseen);
		assert_true(p >= 0 && p <= 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_selected_low_end_has_its_chance),
	    cmocka_unit_test(a_low_end_without_selection_is_the_usual_one),
	    cmocka_unit_test(p_value_agrees_with_the_interval),
	    cmocka_unit_test(the_table_agrees_with_the_interval),
	    cmocka_unit_test(nothing_seen_is_bounded_by_the_rate),
	    cmocka_unit_test(certain_growth_has_no_doubt),
	    cmocka_unit_test(one_doubled_table_is_not_called),
	    cmocka_unit_test(any_sums_have_ends_in_order),
	};
	return cmocka_run_group_tests_name("intervals", tests, NULL, NULL);
}
