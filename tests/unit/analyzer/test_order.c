/* SPDX-License-Identifier: Apache-2.0 */
/* Many things put into order without comparing them all: the first few, and those that have a number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "work/keyed.h"
#include "work/first_few.h"

static int number_compare(const void *left, const void *right, void *values)
{
	const uint32_t *array = values;
	const uint32_t a = array[*(const uint32_t *)left], b = array[*(const uint32_t *)right];

	return a != b ? (a > b) - (a < b) : (*(const uint32_t *)left > *(const uint32_t *)right) ? 1 : -1;
}

/* However many are asked for, they are the first of the whole order, and nothing is lost. */
static void the_first_of_many_are_those_of_the_order(void **state)
{
	enum { COUNT = 1000 };
	uint32_t values[COUNT], whole[COUNT], items[COUNT];
	const uint32_t tops[] = {0, 1, 2, 3, 10, 124, 125, 126, COUNT};
	(void)state;

	for (uint32_t i = 0; i < COUNT; i++) {
		values[i] = i * 7919 % 331;
		whole[i] = i;
	}
	qsort_r(whole, COUNT, sizeof *whole, number_compare, values);
	for (size_t k = 0; k < sizeof tops / sizeof *tops; k++) {
		bool seen[COUNT] = {0};
		for (uint32_t i = 0; i < COUNT; i++)
			items[i] = i;
		top_sort(items, COUNT, tops[k], number_compare, values);
		assert_memory_equal(items, whole, tops[k] * sizeof *items);
		for (uint32_t i = 0; i < COUNT; i++)
			seen[items[i]] = true;
		for (uint32_t i = 0; i < COUNT; i++)
			assert_true(seen[i]);
	}
}

enum { NUMBERS_MOST = 5000 };

/* Numbers of all sizes, many of them more than once: the largest first, and equal ones in their old order. */
static void check_numbers(uint32_t count)
{
	static struct keyed items[NUMBERS_MOST];
	static double numbers[NUMBERS_MOST];

	for (uint32_t i = 0; i < count; i++) {
		const double number = ldexp((double)(i * 7919 % 331) - 165, (int)(i % 5) * 40 - 60);
		numbers[i] = i % 17 ? number : i % 2 ? -0.0 : 0.0;
		items[i] = (struct keyed){keyed_descending(numbers[i]), i};
	}
	keyed_sort(items, 0);
	keyed_sort(items, 1);
	assert_int_equal(items[0].item, 0);
	keyed_sort(items, count);
	for (size_t i = 1; i < count; i++) {
		const double before = numbers[items[i - 1].item], here = numbers[items[i].item];
		assert_true(before > here || (before == here && items[i - 1].item < items[i].item));
		assert_true(before > here ? keyed_ascending(before) > keyed_ascending(here)
					  : keyed_ascending(before) == keyed_ascending(here));
	}
}

static void numbers_sort_without_being_compared(void **state)
{
	(void)state;
	check_numbers(3); /* by hand; few and many are sorted by other digits */
	check_numbers(3000);
	check_numbers(NUMBERS_MOST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_first_of_many_are_those_of_the_order),
	    cmocka_unit_test(numbers_sort_without_being_compared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
