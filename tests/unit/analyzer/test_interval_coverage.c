/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both tables of docs/SAMPLING.md, by simulation with a fixed seed: how often
 * an interval covers the truth. A coverage is accepted where it differs from
 * the table's by no more than the noise of the two simulations allows (two
 * binomial counts, 1 in 10,000). `test_interval_coverage -v` prints what came out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "statistics/gamma.h"
#include "statistics/interval.h"
#include "statistics/measure.h"
#include "support/draws.h"

/* For a sanitizer few trials are enough to check the use of memory; the permitted noise grows. */
#ifdef __SANITIZE_ADDRESS__
#define TRIALS 600
#define DRAWS 2000
#else
#define TRIALS 6000
#define DRAWS 20000
#endif
#define TABLE_TRIALS 1500 /* the tables' parameters */

static bool is_verbose;

/* Some objects of one size, in units of the rate; a row of a table lists up to four. */
struct portion {
	double size, total;
};

static double portions_allocate(struct seep_measure *measure, const struct portion *portions)
{
	double truth = 0;

	memset(measure, 0, sizeof *measure);
	for (int i = 0; i < 4 && portions[i].total > 0; i++)
		truth += program_allocate(measure, (uint64_t)(portions[i].size * RATE + 0.5), portions[i].total * RATE);
	return truth;
}

/* Two coverages, each a binomial count, differ by mere chance. The tables cut digits at 0.0005. */
static void assert_coverage(const char *name, int covered, double table)
{
	const double share = (double)covered / TRIALS;
	const double noise = fmax(table * (1 - table), 0.0005) * (1.0 / TRIALS + 1.0 / TABLE_TRIALS);

	if (is_verbose)
		printf("%-32s covers %.3f, table %.3f\n", name, share, table);
	if (fabs(share - table) > normal_quantile(0.5e-4, TAIL_UPPER) * sqrt(noise) + 0.0005)
		fail_msg("%s: covers %.4f, table %.3f", name, share, table);
}

static void assert_covers_enough(const char *name, int covered, double wanted)
{
	const double noise = normal_quantile(1e-4, TAIL_UPPER) * sqrt(wanted * (1 - wanted) / TRIALS);

	if ((double)covered / TRIALS < wanted - noise)
		fail_msg("%s: covers only %.4f", name, (double)covered / TRIALS);
}

#define SMALL (64.0 / RATE)

static const struct {
	const char *name;
	struct portion portions[4];
	double normal, gamma; /* coverage; 0: not in the table */
} table_of_one[] = {
    {"64 B, 1 R", {{SMALL, 1}}, 0.605, 0.989},
    {"64 B, 3 R", {{SMALL, 3}}, 0.811, 0.990},
    {"64 B, 10 R", {{SMALL, 10}}, 0.927, 0.975},
    {"64 B, 100 R", {{SMALL, 100}}, 0.959, 0.959},
    {"R/2, 5 R", {{0.5, 5}}, 0.953, 0.980},
    {"2 R, 10 R", {{2, 10}}, 0.866, 0.999},
    {"20 R small, one 5 R", {{SMALL, 20}, {5, 5}}, 0, 0.965},
    {"3 R small, four 2 R", {{SMALL, 3}, {2, 8}}, 0, 0.990},
    {"2 R small, three 1.5 R, one 6 R", {{SMALL, 2}, {1.5, 4.5}, {6, 6}}, 0, 0.992},
    {"twenty 5 R", {{5, 100}}, 0, 1.000},
    {"20 R small, one 200 R", {{SMALL, 20}, {200, 200}}, 0, 0.967},
};

static void coverage_of_one_set_is_as_in_the_table(void **state)
{
	(void)state;
	random_seed(1);
	for (size_t row = 0; row < sizeof table_of_one / sizeof *table_of_one; row++) {
		int normal = 0, gamma = 0;
		for (int trial = 0; trial < TRIALS; trial++) {
			struct seep_measure measure;
			const double truth = portions_allocate(&measure, table_of_one[row].portions);
			const double off = fabs(sum_estimate(&measure.bytes) - truth);
			const struct interval interval = sum_interval(&measure.bytes, unseen_bytes(RATE), ALPHA);
			normal += off <= 1.959964 * sqrt(measure.bytes.variance);
			gamma += interval.low <= truth && truth <= interval.high;
		}
		if (table_of_one[row].normal > 0)
			assert_coverage("normal", normal, table_of_one[row].normal);
		assert_coverage(table_of_one[row].name, gamma, table_of_one[row].gamma);
		assert_covers_enough(table_of_one[row].name, gamma, 0.95);
	}
}

/* One 200 R buffer beside 20 R of small objects: 682 R wide if it counted as uncertain, 18.5 R with the rule. */
static void certain_samples_do_not_widen_the_interval(void **state)
{
	double width = 0, width_without = 0;

	(void)state;
	random_seed(2);
	for (int trial = 0; trial < TRIALS; trial++) {
		struct seep_measure measure = {0};
		program_allocate(&measure, 64, 20.0 * RATE);
		measure_add_sample(&measure, 200u * RATE, RATE);
		assert_true(measure.bytes.certain == 200.0 * RATE);
		const struct interval with = sum_interval(&measure.bytes, RATE, ALPHA);
		struct seep_sum plain = measure.bytes;
		plain.uncertain += plain.certain;
		plain.largest = plain.certain;
		plain.certain = 0;
		const struct interval without = sum_interval(&plain, RATE, ALPHA);
		width += (with.high - with.low) / RATE / TRIALS;
		width_without += (without.high - without.low) / RATE / TRIALS;
	}
	if (is_verbose)
		printf("one 200 R beside 20 R: %.1f R wide, %.0f R without the rule\n", width, width_without);
	assert_true(fabs(width - 18.5) < 0.3);
	assert_true(fabs(width_without - 682) < 10);
}

/* For objects no smaller than the smallest that was sampled. */
static void objects_of_several_sizes_are_covered(void **state)
{
	static const struct portion mixtures[][4] = {
	    {{SMALL, 3}},
	    {{0.5, 5}},
	    {{16.0 / RATE, 1}, {0.5, 3}, {4, 12}},
	    {{16.0 / RATE, 2.5}, {32.0 / RATE, 2.5}, {SMALL, 2.5}, {128.0 / RATE, 2.5}},
	    {{16.0 / RATE, 2}, {256.0 / RATE, 2}, {4096.0 / RATE, 2}, {0.5, 2}},
	};

	(void)state;
	random_seed(5);
	for (size_t row = 0; row < sizeof mixtures / sizeof *mixtures; row++) {
		int covered = 0;
		for (int trial = 0; trial < TRIALS; trial++) {
			struct seep_measure measure;
			double truth = 0;
			portions_allocate(&measure, mixtures[row]);
			const double least = measure_smallest(&measure, RATE) - 0.5;
			for (int i = 0; i < 4 && mixtures[row][i].total > 0; i++)
				if (mixtures[row][i].size * RATE > least)
					truth += mixtures[row][i].total / mixtures[row][i].size;
			const struct interval interval =
			    sum_interval(&measure.objects, unseen_objects(RATE, &measure.objects), ALPHA);
			/* None sampled: no row, and no interval. */
			covered +=
			    measure.samples == 0 || (interval.low <= truth * (1 + 1e-9) && truth <= interval.high);
		}
		assert_covers_enough("objects of several sizes", covered, 0.95);
	}
}

static const struct {
	double fresh, gone; /* in R, of 64-byte objects */
	double covers;
} table_of_differences[] = {
    {2, 2, 0.996}, {10, 10, 0.966}, {30, 30, 0.949}, {10, 3, 0.977}, {3, 0, 0.999},
};

static void coverage_of_differences_is_as_in_the_table(void **state)
{
	(void)state;
	random_seed(3);
	for (size_t row = 0; row < sizeof table_of_differences / sizeof *table_of_differences; row++) {
		int covered = 0;
		char name[64];
		for (int trial = 0; trial < TRIALS; trial++) {
			struct seep_measure fresh = {0}, gone = {0};
			double truth = program_allocate(&fresh, 64, table_of_differences[row].fresh * RATE);
			truth -= program_allocate(&gone, 64, table_of_differences[row].gone * RATE);
			const struct interval interval =
			    difference_interval(&fresh.bytes, &gone.bytes, unseen_bytes(RATE), ALPHA);
			covered += interval.low <= truth && truth <= interval.high;
		}
		snprintf(name, sizeof name, "new %g R, gone %g R", table_of_differences[row].fresh,
			 table_of_differences[row].gone);
		assert_coverage(name, covered, table_of_differences[row].covers);
	}
}

/* Counts of objects: the same interval, weights 1/p. */
static void objects_are_covered_as_well(void **state)
{
	(void)state;
	random_seed(4);
	for (size_t row = 0; row < sizeof table_of_one / sizeof *table_of_one; row++) {
		int covered = 0;
		double objects = 0;
		for (int i = 0; i < 4 && table_of_one[row].portions[i].total > 0; i++)
			objects +=
			    floor(table_of_one[row].portions[i].total / table_of_one[row].portions[i].size + 0.5);
		for (int trial = 0; trial < TRIALS; trial++) {
			struct seep_measure measure, ever = {0};
			portions_allocate(&measure, table_of_one[row].portions);
			measure_add_sample(&ever, 64, RATE); /* the site has once shown its smallest object */
			measure_add(&ever, &measure);
			const double unseen = unseen_objects(RATE, &ever.objects);
			const struct interval interval = sum_interval(&measure.objects, unseen, ALPHA);
			covered += interval.low <= objects && objects <= interval.high;
		}
		assert_covers_enough(table_of_one[row].name, covered, 0.95);
	}
}

/* A set of 6 R is looked at only if it shows eight samples or more: then the usual end is too high far too often. */
static void a_low_end_of_what_was_selected_covers(void **state)
{
	const double truth = 6 * RATE;
	int looked = 0, covered = 0, covered_usual = 0;

	(void)state;
	random_seed(7);
	for (int trial = 0; trial < DRAWS; trial++) {
		struct seep_measure measure = {0};
		program_allocate(&measure, 64, truth);
		if (measure.samples < 8)
			continue;
		looked++;
		covered += sum_low_selected(&measure.bytes, 8, ALPHA) <= truth;
		covered_usual += sum_interval(&measure.bytes, RATE, ALPHA).low <= truth;
	}
	assert_true(looked > DRAWS / 5);
	assert_true(covered >= 0.965 * looked); /* 0.975 less four standard errors */
	assert_true(covered_usual < 0.96 * looked);
}

/* Of many sites far below R, only those that show a sample become rows. */
static void a_low_end_of_a_row_covers(void **state)
{
	const double rates[] = {0.02, 0.1, 0.3, 1, 3};

	(void)state;
	random_seed(9);
	for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
		int rows = 0, covered = 0;
		for (int trial = 0; trial < DRAWS; trial++) {
			struct seep_measure measure = {0};
			program_allocate(&measure, 64, rates[i] * RATE);
			rows += measure.samples > 0;
			covered +=
			    measure.samples > 0 && sum_interval(&measure.bytes, RATE, ALPHA).low <= rates[i] * RATE;
		}
		assert_true(rows > 0);
		assert_true(covered >= 0.975 * rows - 4 * sqrt(0.025 * rows));
	}
}

/* If nothing grew, p <= 0.05 comes in at most 5 % of the trials, except for noise. */
static void p_value_raises_few_false_alarms(void **state)
{
	int quiet = 0;

	(void)state;
	random_seed(6);
	for (int trial = 0; trial < TRIALS; trial++) {
		struct seep_measure fresh = {0}, gone = {0};
		program_allocate(&fresh, 4096, 12.0 * RATE);
		program_allocate(&gone, 4096, 12.0 * RATE);
		quiet += difference_p_value(&fresh.bytes, &gone.bytes, RATE) > 0.05;
	}
	assert_covers_enough("no growth", quiet, 0.95);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(coverage_of_one_set_is_as_in_the_table),
	    cmocka_unit_test(certain_samples_do_not_widen_the_interval),
	    cmocka_unit_test(objects_of_several_sizes_are_covered),
	    cmocka_unit_test(coverage_of_differences_is_as_in_the_table),
	    cmocka_unit_test(objects_are_covered_as_well),
	    cmocka_unit_test(a_low_end_of_what_was_selected_covers),
	    cmocka_unit_test(a_low_end_of_a_row_covers),
	    cmocka_unit_test(p_value_raises_few_false_alarms),
	};
	is_verbose = argc > 1 && strcmp(argv[1], "-v") == 0;
	return cmocka_run_group_tests_name("interval coverage", tests, NULL, NULL);
}
