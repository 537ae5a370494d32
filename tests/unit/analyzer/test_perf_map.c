/* SPDX-License-Identifier: Apache-2.0 */
/* Names of code that was made at run time, from a map in a directory where anybody may write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "support/random.h"
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

#define NANOSECONDS 1000000000u

/* Opens a map of a process that started a minute ago, or says why not. */
static struct perf_map *open_map(const char *path, const char *expected_fault)
{
	const struct perf_map_origin origin = {.owner = geteuid(),
					       .started_unix_ns = (uint64_t)(time(NULL) - 60) * NANOSECONDS};
	struct buffer reason = {0};
	struct perf_map *map = perf_map_open(path, &origin, &reason);

	assert_int_equal(map == NULL, expected_fault != NULL);
	if (expected_fault)
		assert_string_equal(reason.data, expected_fault);
	else
		assert_int_equal(reason.length, 0);
	buffer_free(&reason);
	return map;
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
	struct perf_map *map = open_map("map", NULL);
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
	struct perf_map *map = open_map("map", NULL);
	assert_name(map, strings, 0x1010, "newer");
	assert_name(map, strings, 0x1050, "newest");
	assert_name(map, strings, 0x1070, "newer");
	assert_name(map, strings, 0x1090, "old");
	perf_map_free(map);
	string_pool_free(strings);
}

/* However many small pieces of earlier code are in it. */
static void code_over_many_others_counts_everywhere(void **state)
{
	(void)state;
	enum { SMALL = 500 };
	struct string_pool *strings = string_pool_create();
	FILE *file = fopen("map", "w");

	fprintf(file, "0 1 first\n");
	for (int i = 0; i < SMALL; i++)
		fprintf(file, "%x 10 small\n", 0x10000 + i * 0x10);
	fprintf(file, "f000 %x large\n", 0x1000 + SMALL * 0x10 + 0x100);
	fprintf(file, "10020 8 latest\n");
	fclose(file);
	struct perf_map *map = open_map("map", NULL);
	assert_name(map, strings, 0, "first");
	assert_name(map, strings, 0xf000, "large");
	for (uint64_t at = 0x10000; at < 0x10000 + SMALL * 0x10 + 0x100; at += 4)
		assert_name(map, strings, at, at >= 0x10020 && at < 0x10028 ? "latest" : "large");
	assert_name(map, strings, 0x10000 + SMALL * 0x10 + 0x100, NULL);
	perf_map_free(map);
	string_pool_free(strings);
}

/* The same as looking up one address after the other in a plain table. */
static void any_order_of_lines_gives_what_a_table_gives(void **state)
{
	(void)state;
	enum { SPACE = 256, LINES = 60, ROUNDS = 200 };
	uint64_t random = 88172645463325252u;

	for (int round = 0; round < ROUNDS; round++) {
		struct string_pool *strings = string_pool_create();
		int table[SPACE] = {0};
		FILE *file = fopen("map", "w");
		for (int line = 1; line <= LINES; line++) {
			random_next(&random);
			const int start = (int)(random % SPACE), size = 1 + (int)(random >> 20 & 31);
			fprintf(file, "%x %x code %d\n", start, size, line);
			for (int at = start; at < start + size && at < SPACE; at++)
				table[at] = line;
		}
		fclose(file);
		struct perf_map *map = open_map("map", NULL);
		for (int at = 0; at < SPACE; at++) {
			char name[32];
			snprintf(name, sizeof name, "code %d", table[at]);
			assert_name(map, strings, (uint64_t)at, table[at] ? name : NULL);
		}
		perf_map_free(map);
		string_pool_free(strings);
	}
}

static void map_of_another_process_or_of_somebody_else_is_not_taken(void **state)
{
	(void)state;
	const uint64_t now_ns = (uint64_t)time(NULL) * NANOSECONDS, minute_ns = 60ull * NANOSECONDS;
	struct buffer reason = {0};

	write_source("map", "1000 100 name\n");
	perf_map_free(open_map("map", NULL));
	struct perf_map_origin later = {.owner = geteuid(), .started_unix_ns = now_ns + minute_ns};
	assert_null(perf_map_open("map", &later, &reason));
	assert_string_equal(reason.data, "map was not taken: it is older than the process");
	buffer_free(&reason);
	struct perf_map_origin earlier = {.owner = geteuid(), .ended_unix_ns = now_ns - minute_ns};
	assert_null(perf_map_open("map", &earlier, &reason));
	assert_string_equal(reason.data, "map was not taken: it was written to after the process had ended");
	buffer_free(&reason);
	assert_int_equal(symlink("map", "link"), 0);
	open_map("link", "link: is a symbolic link");
	assert_int_equal(mkfifo("pipe", 0600), 0);
	open_map("pipe", "pipe is not a regular file");
	open_map("missing", "missing: No such file or directory");
	open_map(".", ". is not a regular file");
	if (geteuid() != 0) /* only root can give files away */
		return;
	assert_int_equal(chown("map", 12345, 12345), 0);
	open_map("map", "map was not taken: it belongs to another user");
	struct perf_map_origin theirs = {.owner = 12345};
	struct perf_map *map = perf_map_open("map", &theirs, &reason);
	assert_non_null(map);
	perf_map_free(map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(code_is_found_by_its_range, scratch_enter, scratch_leave),
	    cmocka_unit_test_setup_teardown(latest_code_at_a_place_counts, scratch_enter, scratch_leave),
	    cmocka_unit_test_setup_teardown(code_over_many_others_counts_everywhere, scratch_enter, scratch_leave),
	    cmocka_unit_test_setup_teardown(any_order_of_lines_gives_what_a_table_gives, scratch_enter, scratch_leave),
	    cmocka_unit_test_setup_teardown(map_of_another_process_or_of_somebody_else_is_not_taken, scratch_enter,
					    scratch_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
