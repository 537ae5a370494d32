/* SPDX-License-Identifier: Apache-2.0 */
/* Gaps, weights and the functions under them, against libm and against the distribution they promise. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "keeper/base/numeric.h"
#include "keeper/heap/sites.h"
#include "shim/sample/sampler.h"

static void numeric_functions_agree_with_libm(void **state)
{
	(void)state;
	for (double x = 1e-300; x < 1e300; x *= 3.7)
		assert_true(fabs(numeric_log(x) - log(x)) <= 4e-16 * fmax(1, fabs(log(x))));
	for (double x = 0.5; x < 2; x += 0.001)
		assert_true(fabs(numeric_log(x) - log(x)) <= 1e-15 * fmax(1e-3, fabs(log(x))));
	for (double x = 1e-18; x < 800; x *= 1.01)
		assert_true(fabs(numeric_one_minus_exp(x) + expm1(-x)) <= 4e-16 * -expm1(-x));
	assert_true(numeric_one_minus_exp(0) == 0);
}

static void gaps_are_exponential_with_the_rate_as_mean(void **state)
{
	(void)state;
	const uint64_t rate = 4096;
	const int draws = 400000;
	uint64_t random = sampler_seed(12345);
	double sum = 0, squares = 0;
	int beyond[4] = {0};
	for (int i = 0; i < draws; i++) {
		double gap = (double)sampler_draw_gap(&random, rate);
		sum += gap;
		squares += gap * gap;
		for (int k = 0; k < 4; k++)
			beyond[k] += gap >= (double)rate * (k + 1) / 2;
	}
	double mean = sum / draws, deviation = sqrt(squares / draws - mean * mean);
	/* floor() takes half a byte off; 5 standard errors */
	assert_true(fabs(mean + 0.5 - rate) < 5 * rate / sqrt(draws));
	assert_true(fabs(deviation - rate) < 5 * rate * sqrt(2.0 / draws));
	for (int k = 0; k < 4; k++) {
		double p = exp(-(k + 1) / 2.0);
		assert_true(fabs(beyond[k] - p * draws) < 5 * sqrt(draws * p * (1 - p)));
	}
}

static void rate_one_samples_every_byte(void **state)
{
	(void)state;
	uint64_t random = sampler_seed(1);
	for (int i = 0; i < 100; i++)
		assert_int_equal(sampler_draw_gap(&random, 1), 0);
	struct weight weight = weight_of(1, 1);
	assert_true(weight.certain && weight.bytes == 1 && weight.objects == 1);
	weight = weight_of(0, 1);
	assert_true(weight.certain && weight.bytes == 0 && weight.objects == 1);
}

static void a_weight_is_one_over_the_probability(void **state)
{
	(void)state;
	const double rate = 512 << 10;
	for (uint64_t size = 1; size < 4000000; size = size * 3 / 2 + 1) {
		struct weight weight = weight_of(size, (uint64_t)rate);
		double p = -expm1(-(double)size / rate);
		assert_false(weight.certain);
		assert_true(fabs(weight.objects * p - 1) < 1e-12);
		assert_true(fabs(weight.bytes * p / (double)size - 1) < 1e-12);
		assert_true(fabs(weight.bytes_variance / ((double)size * (double)size * (1 - p) / (p * p)) - 1) < 1e-9);
	}
	assert_false(weight_of((uint64_t)(9.2 * rate), (uint64_t)rate).certain);
	assert_true(weight_of((uint64_t)(9.22 * rate), (uint64_t)rate).certain);
}

/* Both estimators are unbiased for a mix of sizes: simulated as the countdown does it. */
static void estimates_are_unbiased_for_a_mix_of_sizes(void **state)
{
	(void)state;
	const uint64_t rate = 1000, sizes[] = {1, 16, 100, 700, 5000};
	const int objects = 500000;
	uint64_t random = sampler_seed(77), left = sampler_draw_gap(&random, rate);
	struct seep_measure measure = {0};
	double bytes = 0;
	for (int i = 0; i < objects; i++) {
		uint64_t size = sizes[i % 5];
		bytes += (double)size;
		if (left >= size) {
			left -= size;
			continue;
		}
		struct weight weight = weight_of(size, rate);
		weight_add_to_measure(&measure, &weight);
		left = sampler_draw_gap(&random, rate);
	}
	double x = measure.bytes.uncertain + measure.bytes.certain,
	       n = measure.objects.uncertain + measure.objects.certain;
	assert_true(fabs(x - bytes) < 5 * sqrt(measure.bytes.variance));
	assert_true(fabs(n - objects) < 5 * sqrt(measure.objects.variance));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(numeric_functions_agree_with_libm),
	    cmocka_unit_test(gaps_are_exponential_with_the_rate_as_mean),
	    cmocka_unit_test(rate_one_samples_every_byte),
	    cmocka_unit_test(a_weight_is_one_over_the_probability),
	    cmocka_unit_test(estimates_are_unbiased_for_a_mix_of_sizes),
	};
	return cmocka_run_group_tests_name("sampling", tests, NULL, NULL);
}
