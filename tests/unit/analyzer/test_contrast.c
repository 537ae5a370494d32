/* SPDX-License-Identifier: Apache-2.0 */
/* By how much a value exceeds its limit: the interval, the spread between runs, and how often mere chance fails a
 * gate. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "check/interval/contrast.h"
#include "check/interval/student.h"
#include "statistics/measure.h"

#define RATE (512 * 1024)
#define SIZE 4096u

static uint64_t random_state = 1;

static double random_unit(void)
{
	random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return ((double)(random_state >> 11) + 0.5) / 9007199254740992.0;
}

static double random_normal(void)
{
	return sqrt(-2 * log(random_unit())) * cos(6.283185307179586 * random_unit());
}

/* The number of objects of SIZE for which samples of that many bytes stand. */
static struct seep_sum sampled(double bytes)
{
	struct seep_measure measure = {0};

	for (double left = bytes + RATE * log(random_unit()); left > 0; left += RATE * log(random_unit()))
		measure_add_sample(&measure, SIZE, RATE);
	return measure.bytes;
}

static void student_is_as_in_closed_forms(void **state)
{
	(void)state;
	for (double alpha = 0.9; alpha > 1e-12; alpha /= 7) {
		const double one = 1 / tan(M_PI / 2 * alpha), a = 1 - alpha;
		const double two = a * sqrt(2 / (alpha * (2 - alpha)));
		assert_true(fabs(student_quantile(alpha, 1) / one - 1) < 1e-8);
		assert_true(fabs(student_quantile(alpha, 2) / two - 1) < 1e-8);
	}
	/* Tables of the distribution. */
	assert_true(fabs(student_quantile(0.05, 4) - 2.776445105) < 1e-7);
	assert_true(fabs(student_quantile(0.001, 10) - 4.586893859) < 1e-7);
	assert_true(fabs(student_quantile(0.05, 1e6) - 1.959966) < 1e-5);
	assert_true(isfinite(student_quantile(1e-300, 1)));
}

static void what_is_certain_has_no_interval(void **state)
{
	const struct contrast beyond = {.more = {.certain = 110}, .constant = 100, .looks = 1};
	const struct contrast within = {.more = {.certain = 90}, .less = {.certain = 100}, .looks = 1};

	(void)state;
	assert_true(contrast_low(&beyond, ALPHA) == 10 && contrast_high(&beyond, ALPHA) == 10);
	assert_true(contrast_p_above(&beyond) == 0 && contrast_p_above(&within) == 1);
	assert_int_equal(contrast_glance(&within), GLANCE_WITHIN);
}

/* p is at most alpha/2 exactly where the low end is above 0. */
static void the_p_value_and_the_interval_agree(void **state)
{
	(void)state;
	for (int trial = 0; trial < 300; trial++) {
		struct contrast contrast = {.more = sampled(RATE * 60 * random_unit()),
					    .less = sampled(RATE * 20 * random_unit()),
					    .unseen_more = RATE,
					    .unseen_less = RATE,
					    .looks = trial % 3 + 1};
		const double p = contrast_p_above(&contrast);
		if (p < 0.4) {
			assert_true(contrast_low(&contrast, 2 * p * 1.001) > 0);
			assert_true(contrast_low(&contrast, 2 * p * 0.999) <= 0);
		}
	}
}

static void a_glance_says_what_the_interval_says(void **state)
{
	int plain = 0;

	(void)state;
	for (int trial = 0; trial < 20000; trial++) {
		const double scale = random_unit() * random_unit() * 40;
		struct contrast contrast = {.more = sampled(RATE * scale * random_unit()),
					    .less = trial % 2 ? sampled(RATE * scale * random_unit())
							      : (struct seep_sum){0},
					    .unseen_more = RATE,
					    .unseen_less = trial % 2 ? RATE : 0,
					    .constant = trial % 4 < 2 ? 0 : RATE * scale * random_unit(),
					    .spread = trial % 5 ? 0 : RATE * random_unit(),
					    .degrees = 4,
					    .usual_t = student_quantile(ALPHA, 4),
					    .looks = 1};
		const enum contrast_glance glance = contrast_glance(&contrast);
		plain += glance != GLANCE_CLOSE;
		if (glance == GLANCE_WITHIN)
			assert_true(contrast_high(&contrast, ALPHA) <= 0);
		if (glance == GLANCE_OPEN)
			assert_true(contrast_low(&contrast, ALPHA) <= 0);
	}
	assert_true(plain > 3000);
}

/* `runs` a side; each has `bytes` times a factor of its own, whose standard deviation is `spread`. */
static double p_of_equal_runs(uint32_t runs, double bytes, double spread)
{
	struct contrast contrast = {.unseen_more = RATE / (double)runs, .unseen_less = RATE / (double)runs, .looks = 1};
	double values[2][8], squares = 0, variance = 0;

	for (int side = 0; side < 2; side++) {
		double mean = 0;
		for (uint32_t i = 0; i < runs; i++) {
			const struct seep_sum sum = sampled(bytes * fmax(1 + spread * random_normal(), 0));
			const struct seep_sum part = sum_times(&sum, 1 / (double)runs);
			sum_include(side ? &contrast.less : &contrast.more, &part);
			values[side][i] = sum_estimate(&sum);
			mean += values[side][i] / runs;
			variance += sum.variance;
		}
		for (uint32_t i = 0; i < runs; i++)
			squares += (values[side][i] - mean) * (values[side][i] - mean);
	}
	contrast.degrees = 2 * runs - 2;
	contrast.spread = spread_between(squares, variance, 2 * runs, 2) * sqrt(2 / (double)runs);
	return contrast_p_above(&contrast);
}

/*
 * Equal runs, compared with a limit of their own value, which is the hardest case. A chance of 1 in 100 is allowed; of
 * 2,000 trials more than 36 come with a chance below 1 in 1,000. If runs differ, one a side can't know that; several
 * must.
 */
static void chance_alone_fails_as_often_as_it_may(void **state)
{
	static const struct {
		uint32_t runs;
		double samples, spread;
		int most;
	} rows[] = {{1, 10, 0, 36},    {1, 300, 0, 36},    {3, 50, 0, 36},    {5, 300, 0, 36},
		    {5, 300, 0.3, 36}, {3, 1000, 0.2, 36}, {8, 100, 0.05, 60}};

	(void)state;
	for (size_t row = 0; row < sizeof rows / sizeof *rows; row++) {
		int failed = 0;
		for (int trial = 0; trial < 2000; trial++)
			failed += p_of_equal_runs(rows[row].runs, rows[row].samples * RATE, rows[row].spread) <= 0.01;
		if (getenv("SEEP_TEST_VERBOSE"))
			printf("%u runs of %.0f samples, spread %.2f: %d of 2000 fail\n", rows[row].runs,
			       rows[row].samples, rows[row].spread, failed);
		if (failed > rows[row].most)
			fail_msg("row %zu: %d of 2000 equal pairs fail", row, failed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(student_is_as_in_closed_forms),
	    cmocka_unit_test(what_is_certain_has_no_interval),
	    cmocka_unit_test(the_p_value_and_the_interval_agree),
	    cmocka_unit_test(a_glance_says_what_the_interval_says),
	    cmocka_unit_test(chance_alone_fails_as_often_as_it_may),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
