/* SPDX-License-Identifier: Apache-2.0 */
/* The statistics behind the verdicts: life-tables, slopes, and objects that outlive their cohort. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "statistics/cohort.h"
#include "statistics/selection.h"
#include "statistics/survival.h"
#include "statistics/trend.h"

#define RATE (512 * 1024)
#define SECOND UINT64_C(1000000000)

static void a_life_table_without_deaths_survives_whole(void **state)
{
	struct life_table table = {.dead = {0}};

	(void)state;
	for (int i = 0; i < 20; i++)
		life_table_add_alive(&table, SECOND << i % 4, 1);
	const struct survival survival = life_table_survival(&table, 35, NULL);
	assert_float_equal(survival.share, 1, 1e-12);
	assert_float_equal(survival.interval.high, 1, 1e-12);
	/* Wilson's lower end for 20 of 20. */
	assert_float_equal(survival.interval.low, 1 / (1 + 1.959963984540054 * 1.959963984540054 / 20), 1e-9);
}

static void a_life_table_is_the_binomial_share_where_nobody_is_censored_before(void **state)
{
	struct life_table table = {.dead = {0}};

	(void)state;
	life_table_add_dead(&table, 10, 75, 75); /* 75 of 100 die young, each of weight 1 */
	for (int i = 0; i < 25; i++)
		life_table_add_alive(&table, SECOND, 1);
	const struct survival survival = life_table_survival(&table, 20, NULL);
	assert_float_equal(survival.share, 0.25, 1e-12);
	/* Wilson's interval for 25 of 100. */
	assert_float_equal(survival.interval.low, 0.1754522, 1e-6);
	assert_float_equal(survival.interval.high, 0.3430446, 1e-6);
	assert_float_equal(life_table_survival(&table, 10, NULL).share, 1, 1e-12);
}

static void weights_make_a_life_table_less_sure(void **state)
{
	struct life_table even = {.dead = {0}}, uneven = {.dead = {0}};

	(void)state;
	for (int i = 0; i < 20; i++) {
		life_table_add_alive(&even, SECOND, 1);
		life_table_add_alive(&uneven, SECOND, i ? 0.1 : 18.1);
	}
	assert_true(life_table_survival(&uneven, 20, NULL).interval.low <
		    life_table_survival(&even, 20, NULL).interval.low);
}

/* Half of them live for 5.5 s, half for ever: bins of powers of two know it at 4.3 and at 8.6 s only. */
static void deaths_at_one_age_are_seen_between_powers_of_two(void **state)
{
	struct follow_up objects[40] = {{0}};
	uint64_t times[40];

	(void)state;
	for (int i = 0; i < 40; i++)
		times[i] = (uint64_t)(i + 1) * SECOND;
	for (unsigned i = 0; i < 40; i++) {
		const uint64_t birth_ns = i / 2 * SECOND + SECOND / 4;
		objects[i] = (struct follow_up){birth_ns, (i / 2 + 1) * SECOND, 40 * SECOND, 0, 64, RATE};
		if (i % 2) {
			objects[i].last_ns = (i / 2 + 5) * SECOND;
			objects[i].gone_ns = objects[i].last_ns + SECOND;
		}
	}
	const struct follow_ups all = {.objects = objects, .count = 40, .times_ns = times, .time_count = 40};
	assert_float_equal(cohort_tail(&all, 2 * SECOND, 5 * SECOND).share, 1, 1e-12);
	const struct survival_tail tail = cohort_tail(&all, 2 * SECOND, 7 * SECOND);
	assert_float_equal(tail.share, 0.5, 0.02);
	/* The variance of a binomial share of 40. */
	assert_float_equal(tail.greenwood, 0.5 / (0.5 * 40), 0.005);
}

static void the_slope_of_a_line_is_found_through_outliers(void **state)
{
	double times[20], values[20];

	(void)state;
	for (int i = 0; i < 20; i++) {
		times[i] = 10 * i;
		values[i] = 3 * times[i] + (i % 5 == 2 ? 4000 : 0);
	}
	const struct trend trend = trend_of(times, values, 20);
	assert_float_equal(trend.slope, 3, 1e-9);
	assert_true(trend.interval.low <= 3 && trend.interval.high >= 3);
	assert_true(isnan(trend_of(times, values, TREND_LEAST - 1).slope));
}

/* Sorted, killer orders for the pivot, and values that are equal. */
static void what_is_selected_is_what_sorting_puts_there(void **state)
{
	enum { COUNT = 2016 };
	double values[COUNT], scratch[COUNT];

	(void)state;
	for (int shape = 0; shape < 5; shape++) {
		for (int i = 0; i < COUNT; i++) {
			const int shapes[] = {i, COUNT - 1 - i, i * 1009 % COUNT,
					      i < COUNT / 2 ? 2 * i : 2 * (COUNT - i) - 1, i % 7 * (COUNT / 7)};
			values[i] = shapes[shape];
		}
		struct selection selection = {.values = values, .scratch = scratch, .count = COUNT};
		for (int place = 0; place < COUNT; place += 31) {
			const double expected = shape == 4 ? place / (COUNT / 7) * (COUNT / 7) : place;
			assert_true(select_place(&selection, (size_t)(place * 13 % COUNT)) >= 0);
			assert_true(select_place(&selection, (size_t)place) == expected);
		}
	}
}

static void a_level_series_has_no_sure_slope(void **state)
{
	double times[30], values[30];

	(void)state;
	for (int i = 0; i < 30; i++) {
		times[i] = i;
		values[i] = 100 + (i * 7919 % 31);
	}
	const struct trend trend = trend_of(times, values, 30);
	assert_true(trend.interval.low < 0 && trend.interval.high > 0);
}

/* Ten objects, one born every second; snapshots every second up to 20 s. */
static struct cohort_outcome ten_objects(unsigned died, uint64_t death_ns)
{
	struct follow_up objects[10] = {{0}};
	uint64_t times[20];

	for (int i = 0; i < 20; i++)
		times[i] = (uint64_t)(i + 1) * SECOND;
	for (unsigned i = 0; i < 10; i++) {
		const uint64_t birth_ns = i * SECOND + SECOND / 2;
		objects[i] = (struct follow_up){birth_ns, (i + 1) * SECOND, 20 * SECOND, 0, 64, RATE};
		if (i < died) {
			objects[i].last_ns = death_ns / SECOND * SECOND;
			objects[i].gone_ns = objects[i].last_ns + SECOND;
		}
	}
	const struct follow_ups all = {.objects = objects, .count = 10, .times_ns = times, .time_count = 20};
	struct cohort_outcome outcome = cohort_outcome_at(&all, 4 * SECOND);
	cohort_survivors(&outcome, &all, 5 * SECOND);
	cohort_plateaus(&outcome, &all);
	return outcome;
}

static void what_never_dies_has_a_plateau(void **state)
{
	const struct cohort_outcome outcome = ten_objects(0, 0);

	(void)state;
	assert_int_equal(outcome.deaths, 0);
	assert_int_equal(outcome.survivors, 10);
	assert_float_equal(outcome.plateau, 1, 1e-12);
	assert_int_equal(outcome.lasting.samples, 5); /* born from 5 s on */
	/* Each is at risk from the first snapshot past 4 s of age, which is at 4.5 s, to the last but one. */
	assert_float_equal(outcome.exposure_ns, 10 * 14.0 * 1e9 - (0 + 1 + 2 + 3 + 4 + 5 + 6 + 7 + 8 + 9) * 1e9, 1);
	assert_float_equal(cohort_p_value(&outcome, 10e9), exp(-9.5), 1e-9);
}

static void the_death_of_the_oldest_leaves_no_plateau(void **state)
{
	/* Like a cache that evicts in order: those that had reached the greatest age are gone. */
	const struct cohort_outcome outcome = ten_objects(4, 16 * SECOND);

	(void)state;
	assert_int_equal(outcome.deaths, 4);
	assert_int_equal(outcome.survivors, 6);
	assert_true(outcome.plateau < 0.7);
}

enum { RANDOM_OBJECTS = 300, TIMES = 24 };

/* By its definition: at each death, those that had entered before and had not left yet. */
static double plateau_by_counting(const struct follow_ups *all, uint64_t age_ns)
{
	double entered[RANDOM_OBJECTS], left[RANDOM_OBJECTS], share = 1;
	bool died[RANDOM_OBJECTS];
	const uint64_t end_ns = all->times_ns[TIMES - 2];

	for (size_t i = 0; i < all->count; i++) {
		const struct follow_up *object = &all->objects[i];
		size_t at = 0;
		while (at < TIMES - 1 &&
		       (all->times_ns[at] < object->birth_ns + age_ns || all->times_ns[at] < object->first_ns))
			at++;
		entered[i] = (double)(all->times_ns[at] - object->birth_ns);
		died[i] = object->gone_ns && object->gone_ns <= end_ns;
		left[i] = died[i] ? (double)(object->last_ns + (object->gone_ns - object->last_ns) / 2)
				  : (double)(object->last_ns < end_ns ? object->last_ns : end_ns);
		left[i] -= (double)object->birth_ns;
		if (object->last_ns - object->birth_ns < age_ns || left[i] < entered[i])
			entered[i] = INFINITY;
	}
	for (size_t i = 0; i < all->count; i++) {
		uint32_t at_risk = 0;
		if (!died[i] || isinf(entered[i]))
			continue;
		for (size_t k = 0; k < all->count; k++)
			at_risk +=
			    entered[k] < left[i] && (left[k] > left[i] || (left[k] == left[i] && !(died[k] && k < i)));
		share *= at_risk >= 3 ? 1 - 1.0 / at_risk : 1;
	}
	return share;
}

static double plateau_found(const struct follow_ups *all, uint64_t age_ns)
{
	struct cohort_outcome outcome = cohort_outcome_at(all, age_ns);

	cohort_plateaus(&outcome, all);
	return outcome.plateau;
}

static void a_plateau_is_the_same_whatever_ages_were_looked_at_before(void **state)
{
	struct follow_up objects[RANDOM_OBJECTS];
	uint64_t times[TIMES], random = 1;

	(void)state;
	for (uint64_t i = 0; i < TIMES; i++)
		times[i] = (i + 1) * SECOND;
	for (uint64_t i = 0; i < RANDOM_OBJECTS; i++) {
		random = random * 6364136223846793005u + 1442695040888963407u;
		const uint64_t birth_ns = i * 22 * SECOND / RANDOM_OBJECTS;
		const size_t first = birth_ns / SECOND, last = first + (random >> 33) % 9;
		objects[i] = (struct follow_up){.birth_ns = birth_ns,
						.first_ns = times[first],
						.last_ns = times[last < TIMES ? last : TIMES - 1],
						.gone_ns = last + 1 < TIMES ? times[last + 1] : 0,
						.size = 64,
						.rate = RATE};
	}
	struct follow_ups all = {.objects = objects, .count = RANDOM_OBJECTS, .times_ns = times, .time_count = TIMES};
	all.order = follow_order_create(&all);
	struct follow_ups later = all;
	later.objects += 50;
	later.count -= 50;
	for (uint64_t age_ns = SECOND / 2; age_ns < 10 * SECOND; age_ns += SECOND / 2) {
		assert_float_equal(plateau_found(&all, age_ns), plateau_by_counting(&all, age_ns), 1e-9);
		assert_float_equal(plateau_found(&later, age_ns), plateau_by_counting(&later, age_ns), 1e-9);
	}
	follow_order_free(all.order);
	all.order = NULL;
	assert_float_equal(plateau_found(&all, SECOND), plateau_by_counting(&all, SECOND), 1e-9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_life_table_without_deaths_survives_whole),
	    cmocka_unit_test(a_life_table_is_the_binomial_share_where_nobody_is_censored_before),
	    cmocka_unit_test(weights_make_a_life_table_less_sure),
	    cmocka_unit_test(deaths_at_one_age_are_seen_between_powers_of_two),
	    cmocka_unit_test(the_slope_of_a_line_is_found_through_outliers),
	    cmocka_unit_test(what_is_selected_is_what_sorting_puts_there),
	    cmocka_unit_test(a_level_series_has_no_sure_slope),
	    cmocka_unit_test(what_never_dies_has_a_plateau),
	    cmocka_unit_test(the_death_of_the_oldest_leaves_no_plateau),
	    cmocka_unit_test(a_plateau_is_the_same_whatever_ages_were_looked_at_before),
	};
	return cmocka_run_group_tests_name("lifetimes", tests, NULL, NULL);
}
