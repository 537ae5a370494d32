/* SPDX-License-Identifier: Apache-2.0 */
/* Benjamini-Hochberg's q-values, Holm's p-values, and the median lifetime of a log2 histogram. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "statistics/discovery.h"
#include "statistics/lifetime.h"

static void assert_close(double value, double expected)
{
	if (!(fabs(value - expected) <= 1e-12 * fmax(1, fabs(expected))))
		fail_msg("%.17g is not %.17g", value, expected);
}

/* The fifteen p-values of the 1995 paper's example; four are called at a false discovery rate of 0.05. */
static void the_papers_example_calls_four(void **state)
{
	const double p[15] = {0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
			      0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000};
	double q[15];
	int called = 0;

	(void)state;
	q_values(p, q, 15, 15);
	for (int i = 0; i < 15; i++) {
		called += q[i] <= 0.05;
		assert_true(q[i] >= p[i]);
	}
	assert_int_equal(called, 4);
	assert_close(q[0], 0.0015);
	assert_close(q[3], 0.035625);
}

static void order_does_not_matter_and_ties_are_equal(void **state)
{
	const double p[4] = {0.04, 0.01, 0.04, 0.03};
	double q[4];

	(void)state;
	q_values(p, q, 4, 4);
	assert_close(q[1], 0.04);
	assert_close(q[0], 0.04);
	assert_close(q[2], 0.04);
	assert_close(q[3], 0.04);
}

static void no_test_is_not_counted(void **state)
{
	const double p[3] = {NAN, 0.02, NAN};
	double q[3];

	(void)state;
	q_values(p, q, 3, 1);
	assert_true(isnan(q[0]) && isnan(q[2]));
	assert_close(q[1], 0.02);
	q_values(p, q, 0, 0);
}

/* The q-values of called tests are the same with and without the large p-values. */
static void large_p_values_need_not_be_known(void **state)
{
	double p[200], q[200], known[200], known_q[200];

	(void)state;
	for (int i = 0; i < 200; i++) {
		p[i] = i < 30 ? 1e-6 * (i + 1) * (i + 1) * (i + 1) : 0.06 + 0.9 * i / 200;
		known[i] = p[i] <= 0.05 ? p[i] : NAN;
	}
	q_values(p, q, 200, 200);
	q_values(known, known_q, 200, 200);
	for (int i = 0; i < 200; i++)
		assert_true(q[i] <= 0.05 ? known_q[i] == q[i] : !(known_q[i] <= 0.05));
}

static void median_is_interpolated_in_its_octave(void **state)
{
	double bins[LIFETIME_BINS] = {0};

	(void)state;
	assert_true(isnan(lifetime_median_ns(bins)));
	bins[10] = 8;
	assert_close(lifetime_median_ns(bins), 1024 * sqrt(2));
	bins[20] = 8;
	assert_close(lifetime_median_ns(bins), 2048);
	bins[20] = 24;
	assert_close(lifetime_median_ns(bins), exp2(20 + 1.0 / 3));
	bins[0] = 1000;
	assert_close(lifetime_median_ns(bins), 2 * 516.0 / 1000);
	for (int i = 0; i < LIFETIME_BINS; i++)
		bins[i] = i == 63;
	assert_close(lifetime_median_ns(bins) / exp2(63.5), 1);
}

/* The p-values of Holm's method by hand; one test of four is not listed, but counts. */
static void holm_counts_all_tests(void **state)
{
	const double p[3] = {0.02, 0.001, NAN};
	double adjusted[3];

	(void)state;
	holm_values(p, adjusted, 3, 4);
	assert_close(adjusted[1], 0.004);
	assert_close(adjusted[0], 0.06);
	assert_true(isnan(adjusted[2]));
	holm_values((const double[]){0.3, 0.1, 0.4}, adjusted, 3, 3);
	assert_close(adjusted[0], 0.6);
	assert_close(adjusted[1], 0.3);
	assert_close(adjusted[2], 0.6); /* never below a smaller one's */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_papers_example_calls_four),
	    cmocka_unit_test(order_does_not_matter_and_ties_are_equal),
	    cmocka_unit_test(holm_counts_all_tests),
	    cmocka_unit_test(no_test_is_not_counted),
	    cmocka_unit_test(large_p_values_need_not_be_known),
	    cmocka_unit_test(median_is_interpolated_in_its_octave),
	};
	return cmocka_run_group_tests_name("discovery", tests, NULL, NULL);
}
