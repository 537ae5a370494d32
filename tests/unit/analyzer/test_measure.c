/* SPDX-License-Identifier: Apache-2.0 */
/* Sums of samples: for how much one sample counts, and by how much a sum has grown since an earlier one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "statistics/measure.h"

#define RATE 524288

static void a_sample_weighs_as_its_probability_says(void **state)
{
	struct seep_measure measure = {0};
	const double p = 1 - exp(-2.0);

	(void)state;
	measure_add_sample(&measure, 2u * RATE, RATE);
	assert_int_equal(measure.samples, 1);
	assert_true(fabs(measure.bytes.uncertain - 2 * RATE / p) < 1e-6);
	assert_true(fabs(measure.objects.uncertain - 1 / p) < 1e-12);
	assert_true(fabs(measure.bytes.variance / (4.0 * RATE * RATE * (1 - p) / (p * p)) - 1) < 1e-12);
	assert_true(measure.bytes.largest == measure.bytes.uncertain);

	memset(&measure, 0, sizeof measure);
	measure_add_sample(&measure, 0, 1); /* rate 1 sees all: one object of no bytes */
	assert_true(measure.bytes.certain == 0 && measure.objects.certain == 1 && measure.bytes.uncertain == 0);

	memset(&measure, 0, sizeof measure);
	measure_add_sample(&measure, (uint64_t)(9.22 * RATE), RATE);
	assert_true(measure.bytes.certain > 0 && measure.bytes.uncertain == 0);
	memset(&measure, 0, sizeof measure);
	measure_add_sample(&measure, (uint64_t)(9.20 * RATE), RATE);
	assert_true(measure.bytes.certain == 0 && measure.bytes.uncertain > 0);
}

static void the_largest_weight_tells_the_smallest_size(void **state)
{
	struct seep_measure measure = {0};

	(void)state;
	measure_add_sample(&measure, 100u * RATE, RATE);
	assert_true(fabs(measure_smallest(&measure, RATE) / (9.21034 * RATE) - 1) < 1e-5); /* of all that are certain */
	measure_add_sample(&measure, 2u * RATE, RATE);
	measure_add_sample(&measure, 40, RATE);
	measure_add_sample(&measure, 64, RATE);
	assert_true(fabs(measure_smallest(&measure, RATE) - 40) < 1e-3);
	assert_true(measure_smallest(&measure, 1) == 0); /* all are sampled */
}

static void a_sum_since_forgets_what_was_before(void **state)
{
	struct seep_measure earlier = {0}, later, since;

	(void)state;
	for (int i = 0; i < 1000; i++)
		measure_add_sample(&earlier, 100, RATE);
	later = earlier;
	since = measure_since(&earlier, &later);
	assert_int_equal(since.samples, 0);
	assert_true(sum_estimate(&since.bytes) == 0 && since.bytes.variance == 0);
	measure_add_sample(&later, 100, RATE);
	measure_add_sample(&later, 100u * RATE, RATE);
	since = measure_since(&earlier, &later);
	assert_int_equal(since.samples, 2);
	assert_true(fabs(since.bytes.uncertain / (RATE + 50.0) - 1) < 1e-6);
	assert_true(since.bytes.certain == 100.0 * RATE);
	since = measure_since(&later, &earlier); /* not a later one at all */
	assert_true(since.samples == 0 && sum_estimate(&since.bytes) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_sample_weighs_as_its_probability_says),
	    cmocka_unit_test(the_largest_weight_tells_the_smallest_size),
	    cmocka_unit_test(a_sum_since_forgets_what_was_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
