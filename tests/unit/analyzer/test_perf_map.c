/* SPDX-License-Identifier: Apache-2.0 */
/* Names of code that was made at run time, from a map in a directory where anybody may write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "support/sample_program.h"
#include "symbols/perf_map.h"

static void assert_name(const struct perf_map *map, struct string_pool *strings, uint64_t address, const char *name)
{
	const char *found = perf_map_find(map, address, strings);

	if (!name)
		assert_null(found);
	else
		assert_string_equal(found, name);
}

static void code_is_found_by_its_range(void **state)
{
	(void)state;
	struct string_pool *strings = string_pool_create();

	write_source("map", "7f0000002000 100 LazyCompile:~second /app/a.js:3\n"
			    "7f0000001000 80 first\x1b[2J\n"
			    "garbage\n"
			    "zz 10 nothing\n"
			    "7f0000005000 0 empty\n"
			    "ffffffffffffff00 200 wraps\n"
			    "7f0000003000 10 \n"
			    "7f0000004000 10 unfinis");
	struct perf_map *map = perf_map_open("map", 0);
	assert_non_null(map);
	assert_name(map, strings, 0x7f0000000fff, NULL);
	assert_name(map, strings, 0x7f0000001000, "first\\x1b[2J");
	assert_name(map, strings, 0x7f000000107f, "first\\x1b[2J");
	assert_name(map, strings, 0x7f0000001080, NULL);
	assert_name(map, strings, 0x7f0000002050, "LazyCompile:~second /app/a.js:3");
	assert_name(map, strings, 0x7f0000003000, "");
	assert_name(map, strings, 0x7f0000004000, NULL);
	assert_name(map, strings, 0x7f0000005000, NULL);
	assert_name(map, strings, UINT64_MAX, NULL);
	assert_name(map, strings, 0, NULL);
	perf_map_free(map);
	string_pool_free(strings);
}

static void latest_code_at_a_place_counts(void **state)
{
	(void)state;
	struct string_pool *strings = string_pool_create();

	write_source("map", "1000 100 old\n1000 80 newer\n1040 20 newest\n");
	struct perf_map *map = perf_map_open("map", 0);
	assert_non_null(map);
	assert_name(map, strings, 0x1010, "newer");
	assert_name(map, strings, 0x1050, "newest");
	assert_name(map, strings, 0x1070, "newer");
	assert_name(map, strings, 0x1090, "old");
	perf_map_free(map);
	string_pool_free(strings);
}

static void map_of_an_earlier_process_or_of_somebody_else_is_not_taken(void **state)
{
	(void)state;
	uint64_t now_ns = (uint64_t)time(NULL) * 1000000000u;

	write_source("map", "1000 100 name\n");
	struct perf_map *map = perf_map_open("map", now_ns - 60000000000u);
	assert_non_null(map);
	perf_map_free(map);
	assert_null(perf_map_open("map", now_ns + 60000000000u));
	assert_int_equal(symlink("map", "link"), 0);
	assert_null(perf_map_open("link", 0));
	assert_int_equal(mkfifo("pipe", 0600), 0);
	assert_null(perf_map_open("pipe", 0));
	assert_null(perf_map_open("missing", 0));
	assert_null(perf_map_open(".", 0));
	if (geteuid() == 0) { /* only root can give files away */
		assert_int_equal(chown("map", 12345, 12345), 0);
		assert_null(perf_map_open("map", 0));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(code_is_found_by_its_range, scratch_enter, scratch_leave),
	    cmocka_unit_test_setup_teardown(latest_code_at_a_place_counts, scratch_enter, scratch_leave),
	    cmocka_unit_test_setup_teardown(map_of_an_earlier_process_or_of_somebody_else_is_not_taken, scratch_enter,
					    scratch_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
