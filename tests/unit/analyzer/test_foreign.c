/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Other tools' profiles: what is written can be read again with nothing lost. test_foreign_damage.c is about cut and
 * damaged ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "encoding/gzip.h"
#include "export/export.h"
#include "support/foreign_dumps.h"
#include "tree/call_tree.h"

static double total(const struct profile *profile, enum call_value value)
{
	double sum = 0;

	for (uint32_t i = 0; i < profile->site_count; i++)
		sum += call_value_of(&profile->sites[i], value);
	return sum;
}

static void assert_same_totals(const struct profile *left, const struct profile *right)
{
	for (int value = 0; value < CALL_VALUE_COUNT; value++)
		assert_true(fabs(total(left, value) - total(right, value)) <= 1);
}

static void pprof_is_read_as_it_was_written(void **state)
{
	(void)state;
	struct profile_maker *maker = dump_make_profile();
	struct profile *profile = profile_maker_profile(maker);
	struct buffer plain = {0}, packed = {0};
	struct error error;

	export_pprof_plain(&plain, profile, NULL);
	export_pprof(&packed, profile, NULL);
	assert_true(gzip_is_gzip(packed.data, packed.length));
	struct profile *again = dump_read(plain.data, plain.length, &error);
	struct profile *unpacked = dump_read(packed.data, packed.length, &error);
	if (!again)
		fail_msg("%s", error.text);
	assert_non_null(unpacked);
	assert_int_equal(again->site_count, 4);
	assert_same_totals(profile, again);
	assert_same_totals(profile, unpacked);
	const struct profile_location *leaf = profile_leaf(again, &again->sites[0]);
	assert_int_equal(leaf->line_count, 2);
	assert_string_equal(leaf->lines[0].function, "allocate");
	assert_true(leaf->lines[0].inlined);
	assert_string_equal(leaf->lines[1].function, "parse");
	assert_int_equal(leaf->lines[1].line, profile_leaf(profile, &profile->sites[0])->lines[1].line);
	assert_string_equal(again->modules[leaf->module].path, "/usr/bin/server");
	profile_free(again);
	profile_free(unpacked);
	buffer_free(&plain);
	buffer_free(&packed);
	profile_maker_free(maker);
}

static void equal_profiles_give_equal_bytes(void **state)
{
	(void)state;
	struct profile_maker *one = dump_make_profile(), *two = dump_make_profile();
	struct buffer first = {0}, second = {0};

	export_pprof(&first, profile_maker_profile(one), NULL);
	export_pprof(&second, profile_maker_profile(two), NULL);
	assert_int_equal(first.length, second.length);
	assert_memory_equal(first.data, second.data, first.length);
	buffer_free(&first);
	buffer_free(&second);
	profile_maker_free(one);
	profile_maker_free(two);
}

static void a_difference_is_refused_as_input(void **state)
{
	(void)state;
	struct profile_maker *maker = dump_make_profile(), *less = profile_maker_create("server");
	struct buffer plain = {0};
	struct error error;

	profile_maker_add(less, "main;idle", (struct made_values){500, 5, 500, 5});
	/* The later one has less, so some of its values are negative. */
	export_pprof_plain(&plain, profile_maker_profile(less), profile_maker_profile(maker));
	assert_null(dump_read(plain.data, plain.length, &error));
	assert_non_null(strstr(error.text, "negative"));
	buffer_free(&plain);
	profile_maker_free(maker);
	profile_maker_free(less);
}

static void rounding_does_not_add_up(void **state)
{
	(void)state;
	struct profile_maker *maker = profile_maker_create("server");
	struct buffer plain = {0};
	struct error error;
	char stack[32];

	for (int i = 0; i < 1000; i++) {
		snprintf(stack, sizeof stack, "main;f%d", i);
		profile_maker_add(maker, stack, (struct made_values){0.4, 0.4, 0.4, 0.4});
	}
	export_pprof_plain(&plain, profile_maker_profile(maker), NULL);
	struct profile *again = dump_read(plain.data, plain.length, &error);
	assert_non_null(again);
	assert_true(fabs(total(again, CALL_INUSE_SPACE) - 400) <= 1);
	profile_free(again);
	buffer_free(&plain);
	profile_maker_free(maker);
}

static void jemalloc_is_unbiased_by_mean_size(void **state)
{
	(void)state;
	struct profile *profile = dump_read_text(jemalloc_dump);

	assert_int_equal(profile->site_count, 2);
	assert_int_equal(profile->rate, 4096);
	assert_int_equal(profile->sites[0].depth, 3);
	const double scale = 1 / (1 - exp(-1024.0 / 4096));
	assert_true(fabs(call_value_of(&profile->sites[0], CALL_INUSE_SPACE) - 4096 * scale) < 1e-6);
	assert_true(fabs(call_value_of(&profile->sites[0], CALL_ALLOC_OBJECTS) - 8 * scale) < 1e-9);
	/* Far above the rate a sample stands only for itself, and is certain. */
	assert_true(profile->sites[1].in_use.bytes.certain == 1048576);
	assert_true(profile->sites[1].in_use.bytes.uncertain == 0);
	profile_free(profile);
}

static void addresses_find_their_module(void **state)
{
	(void)state;
	struct profile *profile = dump_read_text(jemalloc_dump);
	const struct profile_location *leaf = profile_leaf(profile, &profile->sites[0]);
	const uint32_t caller = profile->nodes[profile->sites[0].node].parent;
	const struct profile_location *library = &profile->locations[profile->nodes[caller].location];

	assert_string_equal(profile->modules[leaf->module].path, "/nowhere/program");
	assert_int_equal(leaf->address, 0x400500);
	assert_string_equal(profile->modules[library->module].path, "/nowhere/lib with blank.so");
	assert_int_equal(library->address, 0x1234);
	assert_false(library->exact);
	assert_string_equal(profile->command, "program");
	assert_int_equal(profile->module_count, 3); /* none, program, library; a stack is not a module */
	profile_free(profile);
}

static void a_library_elsewhere_gives_the_same_key(void **state)
{
	(void)state;
	struct profile *here = dump_read_text(jemalloc_dump);
	char *moved = memory_copy_text(jemalloc_dump);

	for (char *at = strstr(moved, "7f0000"); at; at = strstr(at, "7f0000"))
		memcpy(at, "7e0000", 6);
	struct profile *there = dump_read_text(moved);
	assert_true(here->sites[0].key == there->sites[0].key);
	assert_true(here->sites[0].key != here->sites[1].key);
	profile_free(here);
	profile_free(there);
	free(moved);
}

static void gperftools_says_by_itself_whether_it_was_sampled(void **state)
{
	(void)state;
	struct profile *sampled = dump_read_text(gperftools_dump);
	struct profile *counted =
	    dump_read_text("heap profile: 2: 20 [4: 40] @ heapprofile\n2: 20 [4: 40] @ 0x10 0x20\n");

	assert_int_equal(sampled->rate, 1024);
	assert_true(fabs(call_value_of(&sampled->sites[0], CALL_INUSE_OBJECTS) - 2 / (1 - exp(-1000.0 / 1024))) < 1e-9);
	assert_int_equal(counted->rate, 0);
	assert_true(call_value_of(&counted->sites[0], CALL_ALLOC_SPACE) == 40);
	profile_free(sampled);
	profile_free(counted);
}

static const uint32_t lacks_allocated = 1u << CALL_ALLOC_SPACE | 1u << CALL_ALLOC_OBJECTS;

/* Zeros, or the same number twice, are not a count of all allocations. */
static void a_count_that_a_dump_does_not_have_is_no_zero(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint32_t lacks;
	} dumps[] = {
	    {jemalloc_dump, 0},
	    {"heap_v2/4096\n  t*: 1: 10 [0: 0]\n@ 0x1\n  t*: 1: 10 [0: 0]\n\nMAPPED_LIBRARIES:\n", lacks_allocated},
	    {"heap_v2/4096\n  t*: 1: 10 [0: 0]\n@ 0x1\n  t*: 1: 10 [2: 20]\n@ 0x2\n  t*: 1: 10 [0: 0]\n"
	     "\nMAPPED_LIBRARIES:\n",
	     0},
	    {"heap_v2/4096\n  t*: 0: 0 [0: 0]\n\nMAPPED_LIBRARIES:\n", 0},
	    {gperftools_dump, 0},
	    {"heap profile: 2: 20 [2: 20] @ heap_v2/1024\n 2: 20 [2: 20] @ 0x1\n", lacks_allocated},
	    {"heap profile: 2: 20 [2: 20] @ heapprofile\n 2: 20 [2: 20] @ 0x1\n", 0},
	};

	for (size_t i = 0; i < sizeof dumps / sizeof *dumps; i++) {
		struct profile *profile = dump_read_text(dumps[i].text);
		assert_int_equal(profile->lacks, dumps[i].lacks);
		profile_free(profile);
	}
}

/* A value that the source lacks is not exported either, so it is missing again when the export is read. */
static void values_that_are_not_there_do_not_appear_by_an_export(void **state)
{
	(void)state;
	struct profile *profile =
	    dump_read_text("heap_v2/4096\n t*: 1: 10 [0: 0]\n@ 0x1\n t*: 1: 10 [0: 0]\n\nMAPPED_LIBRARIES:\n");
	struct buffer pprof = {0}, speedscope = {0};
	struct error error;

	profile_symbolize(profile, NULL);
	export_pprof_plain(&pprof, profile, NULL);
	export_speedscope(&speedscope, profile, NULL);
	assert_null(strstr(speedscope.data, "alloc_"));
	struct profile *again = dump_read(pprof.data, pprof.length, &error);
	assert_non_null(again);
	assert_int_equal(again->lacks, lacks_allocated);
	assert_same_totals(profile, again);
	profile_free(again);
	profile_free(profile);
	buffer_free(&pprof);
	buffer_free(&speedscope);
}

static void what_is_wrong_is_said_with_its_place(void **state)
{
	(void)state;
	static const struct {
		const char *text, *wanted;
	} cases[] = {
	    {"heap_v2/0\n", "made: the head names no sample rate"},
	    {"heap_v2/512\nnonsense\n", "made: offset 12: this line does not belong"},
	    {"heap_v2/512\n@ 0x10 zz\n", "made: offset 12: a stack has something other than addresses"},
	    {"heap_v2/512\n@ 0x10\n t*: 1: [\n", "made: offset 19: a stack's counts"},
	    {"heap_v2/512\n@ 0x10\n t*: 99999999999999999999999: 1 [0: 0]\n", "made: offset 19: a stack's counts"},
	    {"heap_v2/512\n@ 0x10\n", "made: offset 19: the dump is truncated"},
	    {"v 10400 4\ns 1 a\n", "made: heaptrack's format has version 4 here; 1 to 3 are read"},
	    {"v 10400 3\nx 4 /a/b\n", "made: offset 10: is heaptrack's raw data: heaptrack_interpret"},
	    {"v 10400 3\nt 1 0\n", "made: offset 10: an index is missing, or names nothing"},
	    {"v 10400 3\ni 10 2\n", "made: offset 10: an instruction has no address or no module"},
	    {"v 10400 3\ni 10 0\nt 1 0\na 10 1\n- 0\n", "made: offset 30: more blocks are freed"},
	    {"v 10400 3\ni 10 0\nt 1 0\na 10 1\n+ 1\n", "made: offset 30: an event names no kind"},
	    {"v 10400 3\ni 10 0\nt 1 0\na fffffffffff0 1\n", "made: offset 23: a kind of block has no size"},
	    {"v 10400 3\nc 10\nc f\n", "made: offset 15: a time is missing, or before the last"},
	    {"v 10400 3\ni 10 0", "made: offset 10: the file is truncated"},
	    {"v 10400 3\nhello\n", "made: offset 10: this line does not belong in heaptrack's file"},
	    {"heap profile: x\n", "made: the head's counts"},
	    {"heap profile: 1: 1 [1: 1] @ growthz\n", "made: the head names a profile that is not a heap's"},
	    {"heap profile: 1: 1 [1: 1] @ heapprofile\n1: 1 [1: 1] @ 0x1", "offset 57: the profile is truncated"},
	};
	struct error error;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_null(dump_read(cases[i].text, strlen(cases[i].text), &error));
		if (!strstr(error.text, cases[i].wanted))
			fail_msg("wanted %s, was told %s", cases[i].wanted, error.text);
	}
}

static void totals_are(const struct foreign_moment *moment, uint64_t objects, uint64_t bytes)
{
	struct profile_totals totals;
	struct error error;
	struct profile *profile = dump_read_moment(heaptrack_file, strlen(heaptrack_file), moment, &error);

	assert_non_null(profile);
	profile_totals(profile, &totals);
	assert_true(totals.in_use.objects.certain == (double)objects);
	assert_true(totals.in_use.bytes.certain == (double)bytes);
	profile_free(profile);
}

static void heaptrack_is_read_as_of_any_moment(void **state)
{
	(void)state;
	struct profile *profile = dump_read_text(heaptrack_file);

	assert_string_equal(profile->arguments, "./server -x");
	assert_string_equal(profile->command, "prog");
	assert_int_equal(profile->rate, 1);
	assert_int_equal(profile->site_count, 2);
	assert_int_equal(profile->sites[0].depth, 2);
	const struct profile_location *leaf = profile_leaf(profile, &profile->sites[0]);
	assert_int_equal(leaf->line_count, 2);
	assert_string_equal(leaf->lines[0].function, "a\\x0ab()"); /* a text may have a newline */
	assert_int_equal(leaf->lines[0].line, 0x14);
	assert_true(leaf->lines[0].inlined && !leaf->lines[1].inlined);
	assert_string_equal(leaf->lines[1].function, "main");
	const struct profile_location *unnamed = profile_leaf(profile, &profile->sites[1]);
	assert_string_equal(unnamed->lines[0].function, "prog+0x..abc");
	profile_free(profile);
	totals_are(&(struct foreign_moment){.kind = FOREIGN_AT_END}, 3, 32);
	totals_are(&(struct foreign_moment){.kind = FOREIGN_AT_PEAK}, 3, 48);
	totals_are(&(struct foreign_moment){.kind = FOREIGN_AT_TIME, .time_ms = 4}, 0, 0);
	totals_are(&(struct foreign_moment){.kind = FOREIGN_AT_TIME, .time_ms = 9}, 3, 48);
}

static void other_profiles_have_one_moment(void **state)
{
	(void)state;
	struct error error;

	assert_null(dump_read_moment(jemalloc_dump, strlen(jemalloc_dump),
				     &(struct foreign_moment){.kind = FOREIGN_AT_PEAK}, &error));
	assert_non_null(strstr(error.text, "has one moment only"));
}

/* A loop's events pack to next to nothing and are never kept, but a text of 256 MiB is. */
static void heaptrack_is_unpacked_piece_by_piece(void **state)
{
	(void)state;
	struct buffer plain = {0}, packed = {0};
	struct profile_totals totals;
	struct error error;

	buffer_append(&plain, heaptrack_file, strlen(heaptrack_file));
	for (int i = 0; i < 3000000; i++)
		buffer_append(&plain, "+ 0\n- 0\n", 8);
	gzip_pack(&packed, plain.data, plain.length);
	assert_true(plain.length > 64 * packed.length + (4 << 20));
	struct profile *profile = dump_read(packed.data, packed.length, &error);
	assert_non_null(profile);
	profile_totals(profile, &totals);
	assert_true(totals.in_use.bytes.certain == 32 && totals.allocated.objects.certain == 3000004);
	profile_free(profile);
	plain.length = strlen(heaptrack_file);
	for (int i = 0; i < 3000000; i++)
		buffer_append(&plain, "t 1 2\na 8 4\n", 12);
	packed.length = 0;
	gzip_pack(&packed, plain.data, plain.length);
	assert_null(dump_read(packed.data, packed.length, &error));
	assert_non_null(strstr(error.text, "defines more than its size allows"));
	buffer_free(&plain);
	buffer_free(&packed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(pprof_is_read_as_it_was_written),
	    cmocka_unit_test(equal_profiles_give_equal_bytes),
	    cmocka_unit_test(a_difference_is_refused_as_input),
	    cmocka_unit_test(rounding_does_not_add_up),
	    cmocka_unit_test(jemalloc_is_unbiased_by_mean_size),
	    cmocka_unit_test(addresses_find_their_module),
	    cmocka_unit_test(a_library_elsewhere_gives_the_same_key),
	    cmocka_unit_test(gperftools_says_by_itself_whether_it_was_sampled),
	    cmocka_unit_test(a_count_that_a_dump_does_not_have_is_no_zero),
	    cmocka_unit_test(values_that_are_not_there_do_not_appear_by_an_export),
	    cmocka_unit_test(what_is_wrong_is_said_with_its_place),
	    cmocka_unit_test(heaptrack_is_read_as_of_any_moment),
	    cmocka_unit_test(other_profiles_have_one_moment),
	    cmocka_unit_test(heaptrack_is_unpacked_piece_by_piece),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
