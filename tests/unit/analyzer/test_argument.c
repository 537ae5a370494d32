/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes, times and counts on the command line: which are accepted, and which are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "options/argument.h"

static void sizes_take_powers_of_1024(void **state)
{
	uint64_t bytes = 0;

	(void)state;
	assert_true(argument_parse_bytes("1", &bytes));
	assert_int_equal(bytes, 1);
	assert_true(argument_parse_bytes("512K", &bytes));
	assert_int_equal(bytes, 512 << 10);
	assert_true(argument_parse_bytes("3M", &bytes));
	assert_int_equal(bytes, 3 << 20);
	assert_true(argument_parse_bytes("2G", &bytes));
	assert_int_equal(bytes, UINT64_C(2) << 30);
	assert_true(argument_parse_bytes("18446744073709551615", &bytes));
	assert_int_equal(bytes, UINT64_MAX);
}

static void times_are_seconds_without_a_unit(void **state)
{
	uint64_t time_ns = 0;

	(void)state;
	assert_true(argument_parse_time("10", &time_ns));
	assert_int_equal(time_ns, UINT64_C(10000000000));
	assert_true(argument_parse_time("250ms", &time_ns));
	assert_int_equal(time_ns, 250000000);
	assert_true(argument_parse_time("5s", &time_ns));
	assert_int_equal(time_ns, UINT64_C(5000000000));
	assert_true(argument_parse_time("2m", &time_ns));
	assert_int_equal(time_ns, UINT64_C(120000000000));
	assert_true(argument_parse_time("1h", &time_ns));
	assert_int_equal(time_ns, UINT64_C(3600000000000));
	assert_true(argument_parse_time("0", &time_ns));
	assert_int_equal(time_ns, 0);
}

static void anything_else_is_refused_and_leaves_the_result(void **state)
{
	static const char *const sizes[] = {"",    "K",    "-1",  "+1",
					    " 1",  "1 ",   "1KB", "1k",
					    "1.5", "0x10", "1KK", "18446744073709551616",
					    "1T",  "1ms",  "1e3", "18446744073709551615K"};
	static const char *const times[] = {"", "s", "-1s", "1M", "1 s", "1us", "1.5s", "18446744073709551615s", "1sm"};
	uint64_t value = 77;

	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		assert_false(argument_parse_bytes(sizes[i], &value));
	for (size_t i = 0; i < sizeof times / sizeof *times; i++)
		assert_false(argument_parse_time(times[i], &value));
	assert_false(argument_parse_count("12K", &value));
	assert_false(argument_parse_count("seven", &value));
	assert_int_equal(value, 77);
}

/* The values that each type of option accepts, and those that it refuses. */
static void options_take_what_their_type_says(void **state)
{
	static const char *const words[] = {"site", "line", NULL};
	const struct command_option option = {.name = "by", .words = words};
	struct error error = {.text = ""};
	const char *text = NULL;
	uint64_t number = 0;
	int word = -1;

	(void)state;
	assert_true(option_word.take(&option, &word, "line", &error));
	assert_int_equal(word, 1);
	assert_false(option_word.take(&option, &word, "lin", &error));
	assert_false(option_word.take(&option, &word, "", &error));
	assert_true(option_text.take(&option, &text, "name", &error));
	assert_string_equal(text, "name");
	assert_false(option_text.take(&option, &text, "", &error));
	assert_true(option_count.take(&option, &number, "12", &error));
	assert_int_equal(number, 12);
	assert_false(option_count.take(&option, &number, "0", &error));
	assert_false(option_count.take(&option, &number, "-1", &error));
	assert_true(option_time.take(&option, &number, "250ms", &error));
	assert_int_equal(number, 250000000);
	assert_false(option_time.take(&option, &number, "0s", &error));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(options_take_what_their_type_says),
	    cmocka_unit_test(sizes_take_powers_of_1024),
	    cmocka_unit_test(times_are_seconds_without_a_unit),
	    cmocka_unit_test(anything_else_is_refused_and_leaves_the_result),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
