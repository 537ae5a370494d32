/* SPDX-License-Identifier: Apache-2.0 */
/* The analyzer's foundations: errors, buffers and files, interned texts, the map, JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include "encoding/checksum.h"
#include "encoding/gzip.h"
#include "base/buffer.h"
#include "files/output.h"
#include "base/error.h"
#include "base/json.h"
#include "base/map.h"
#include "base/memory.h"
#include "base/string_pool.h"
#include "base/utf8.h"
#include "work/keyed.h"
#include "work/top.h"

static char directory[64];

static int enter_directory(void **state)
{
	(void)state;
	strcpy(directory, "/tmp/seep-base-XXXXXX");
	assert_non_null(mkdtemp(directory));
	return chdir(directory);
}

static int leave_directory(void **state)
{
	(void)state;
	char command[160];

	snprintf(command, sizeof command, "rm -rf '%s'", directory);
	return chdir("/") < 0 || system(command) != 0;
}

static size_t files_in_directory(void)
{
	DIR *listing = opendir(".");
	size_t count = 0;

	assert_non_null(listing);
	for (struct dirent *entry = readdir(listing); entry; entry = readdir(listing))
		count += entry->d_name[0] != '.';
	closedir(listing);
	return count;
}

static void assert_file_holds(const char *path, const char *text)
{
	char content[256] = "";
	int descriptor = open(path, O_RDONLY);

	assert_true(descriptor >= 0);
	assert_true(read(descriptor, content, sizeof content - 1) >= 0);
	close(descriptor);
	assert_string_equal(content, text);
}

static void error_is_one_printable_line(void **state)
{
	(void)state;
	struct error error;

	assert_false(error_set(&error, "%s: %s", "a\nb\x1b[31m", "caf\xc3\xa9\xff"));
	assert_string_equal(error.text, "a\\x0ab\\x1b[31m: caf\xc3\xa9\\xff");
}

static void error_is_cut_to_size(void **state)
{
	(void)state;
	struct error error;
	char name[2000];

	memset(name, '\n', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	error_set(&error, "%s", name);
	assert_true(strlen(error.text) < sizeof error.text);
	assert_true(strlen(error.text) > sizeof error.text - 8);
	assert_int_equal(strlen(error.text) % 4, 0);
}

static void buffer_grows_and_stays_terminated(void **state)
{
	(void)state;
	struct buffer buffer = {0};

	for (int i = 0; i < 5000; i++) {
		buffer_append_byte(&buffer, 'a');
		buffer_printf(&buffer, "%d,", i % 10);
		buffer_append_text(&buffer, "");
		assert_int_equal(buffer.data[buffer.length], 0);
	}
	assert_int_equal(buffer.length, 15000);
	assert_memory_equal(buffer.data + 14997, "a9,", 3);
	buffer_free(&buffer);
	assert_null(buffer.data);
}

static void file_appears_whole_and_alone(void **state)
{
	(void)state;
	struct buffer buffer = {0};
	struct error error;
	struct stat status;

	buffer_append_text(&buffer, "first");
	assert_true(output_write_buffer(&buffer, "out", &error));
	assert_file_holds("out", "first");
	assert_int_equal(chmod("out", 0640), 0);
	assert_int_equal(symlink("out", "link"), 0);
	buffer_append_text(&buffer, " second");
	assert_true(output_write_buffer(&buffer, "link", &error));
	assert_file_holds("out", "first second");
	assert_int_equal(stat("out", &status), 0);
	assert_int_equal(status.st_mode & 0777, 0640);
	assert_int_equal(lstat("link", &status), 0);
	assert_true(S_ISLNK(status.st_mode));
	assert_int_equal(files_in_directory(), 2);
	buffer_free(&buffer);
}

static void failed_write_leaves_nothing_behind(void **state)
{
	(void)state;
	struct buffer buffer = {0};
	struct error error;

	buffer_append_text(&buffer, "text");
	assert_int_equal(mkdir("folder", 0700), 0);
	assert_false(output_write_buffer(&buffer, "folder", &error));
	assert_string_equal(error.text, "folder: cannot write: Is a directory");
	assert_false(output_write_buffer(&buffer, "missing/out", &error));
	assert_string_equal(error.text, "missing/out: cannot write: No such file or directory");
	assert_false(output_write_buffer(&buffer, "/dev/full", &error));
	assert_string_equal(error.text, "/dev/full: cannot write: No space left on device");
	assert_int_equal(files_in_directory(), 1);
	assert_true(output_write_buffer(&buffer, "/dev/null", &error));
	buffer_free(&buffer);
}

/* Ctrl-C, and a signal that nobody can handle, in the middle of a document that replaces another, and of a new one. */
static void killed_writer_leaves_what_was_there(void **state)
{
	const char *const names[] = {"there", "new"};
	const int signals[] = {SIGINT, SIGKILL};
	struct buffer buffer = {0};
	struct error error;
	(void)state;

	buffer_append_text(&buffer, "first");
	assert_true(output_write_buffer(&buffer, "there", &error));
	buffer_free(&buffer);
	for (int i = 0; i < 4; i++) {
		const pid_t child = fork();
		if (child == 0) {
			struct output output;
			output_open(&output, names[i / 2], 0, &error);
			for (int k = 0; k < 3000000; k++)
				buffer_append_byte(&output.buffer, 'x');
			signal(signals[i % 2], SIG_DFL);
			raise(signals[i % 2]);
			_exit(0);
		}
		int status;
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(files_in_directory(), 1);
		assert_file_holds("there", "first");
	}
}

static void equal_texts_are_one_pointer(void **state)
{
	(void)state;
	struct string_pool *pool = string_pool_create();
	const char *kept[3000];
	char text[32];

	for (int i = 0; i < 3000; i++) {
		snprintf(text, sizeof text, "text %d", i);
		kept[i] = string_pool_intern(pool, text);
	}
	for (int i = 0; i < 3000; i++) {
		snprintf(text, sizeof text, "text %d and more", i);
		assert_string_equal(kept[i], string_pool_intern_bytes(pool, text, strlen(kept[i])));
		assert_ptr_equal(kept[i], string_pool_intern_bytes(pool, text, strlen(kept[i])));
	}
	assert_ptr_equal(string_pool_intern(pool, ""), string_pool_intern_bytes(pool, NULL, 0));
	string_pool_free(pool);
}

static void huge_text_is_kept(void **state)
{
	(void)state;
	struct string_pool *pool = string_pool_create();
	size_t length = 1 << 20;
	char *text = memory_allocate(length + 1, 1);

	memset(text, 'x', length);
	const char *kept = string_pool_intern(pool, text);
	assert_int_equal(strlen(kept), length);
	assert_ptr_equal(string_pool_intern(pool, text), kept);
	free(text);
	string_pool_free(pool);
}

static void safe_text_escapes_and_cuts(void **state)
{
	(void)state;
	struct string_pool *pool = string_pool_create();

	assert_string_equal(string_pool_intern_safe(pool, "a\tb\xc2\x9b", 5, 100), "a\\x09b\\xc2\\x9b");
	assert_string_equal(string_pool_intern_safe(pool, "\xe2\x80\xae", 3, 100), "\\xe2\\x80\\xae");
	assert_string_equal(string_pool_intern_safe(pool, "caf\xc3\xa9", 5, 5), "caf\xc3\xa9");
	assert_string_equal(string_pool_intern_safe(pool, "0123456789", 10, 10), "0123456789");
	assert_string_equal(string_pool_intern_safe(pool, "0123456789A", 11, 10), "0123456...");
	assert_string_equal(string_pool_intern_safe(pool, "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", 8, 6), "\xc3\xa9...");
	assert_string_equal(string_pool_intern_safe(pool, "abcdef", 6, 2), "..");
	assert_string_equal(string_pool_intern_safe(pool, NULL, 0, 10), "");
	string_pool_free(pool);
}

static void utf8_refuses_what_is_malformed(void **state)
{
	(void)state;
	static const char *const broken[] = {
	    "\x80",     "\xc0\xaf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80",
	    "\xe2\x82", "\xff"};
	uint32_t code_point;

	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
		assert_int_equal(utf8_decode(broken[i], strlen(broken[i]), &code_point), 0);
	assert_int_equal(utf8_decode("\xf0\x9f\x90\x8d", 4, &code_point), 4);
	assert_int_equal(code_point, 0x1f40d);
}

static void map_keeps_every_key(void **state)
{
	(void)state;
	struct map *map = map_create();
	bool inserted;

	for (uint64_t key = 0; key < 10000; key++) {
		*map_put(map, key << 40, &inserted) = key + 1;
		assert_true(inserted);
	}
	assert_int_equal(map_count(map), 10000);
	for (uint64_t key = 0; key < 10000; key++)
		assert_int_equal(*map_get(map, key << 40), key + 1);
	assert_null(map_get(map, 1));
	assert_int_equal(*map_put(map, UINT64_C(7) << 40, &inserted), 8);
	assert_false(inserted);
	map_free(map);
}

static void hash_depends_on_every_byte_and_on_what_came_before(void **state)
{
	(void)state;
	struct map *seen = map_create();
	char bytes[40] = {0};
	bool inserted;

	for (size_t length = 0; length <= sizeof bytes; length++) {
		map_put(seen, hash_bytes(0, bytes, length), &inserted);
		assert_true(inserted);
		map_put(seen, hash_bytes(1, bytes, length), &inserted);
		assert_true(inserted);
	}
	for (size_t i = 0; i < sizeof bytes; i++) {
		bytes[i] = 1;
		map_put(seen, hash_bytes(0, bytes, sizeof bytes), &inserted);
		assert_true(inserted);
		bytes[i] = 0;
	}
	map_free(seen);
}

static void hash_is_the_same_in_every_build(void **state)
{
	(void)state;
	/* Site keys are compared between profiles, so a changed hash would break that. */
	assert_int_equal(hash_bytes(0, "seep", 4), UINT64_C(0x131d3c0566a487bf));
	assert_int_equal(hash_bytes(1, "stacks and sites", 16), UINT64_C(0xf56adf0123af6308));
}

static void json_nests_and_escapes(void **state)
{
	(void)state;
	struct buffer out = {0};
	struct json json = {.out = &out};

	json_begin_object(&json);
	json_key(&json, "text");
	json_text(&json, "a\"b\\c\n\x01\xff<\xc3\xa9>\x7f");
	json_key(&json, "list");
	json_begin_array(&json);
	json_rounded(&json, -0x1p63);
	json_unsigned(&json, UINT64_MAX);
	json_begin_object(&json);
	json_end_object(&json);
	json_begin_array(&json);
	json_end_array(&json);
	json_text(&json, NULL);
	json_bool(&json, true);
	json_end_array(&json);
	json_key(&json, "last");
	json_null(&json);
	json_end_object(&json);
	assert_string_equal(out.data,
			    "{\"text\":\"a\\\"b\\\\c\\n\\u0001\xef\xbf\xbd<\xc3\xa9>\\u007f\","
			    "\"list\":[-9223372036854775808,18446744073709551615,{},[],null,true],\"last\":null}");
	buffer_free(&out);
}

static void json_numbers_read_back(void **state)
{
	(void)state;
	struct buffer out = {0};
	struct json json = {.out = &out};

	json_begin_array(&json);
	json_rounded(&json, 2.5);
	json_rounded(&json, -0.2);
	json_rounded(&json, 1e20);
	json_rounded(&json, INFINITY);
	json_real(&json, 0.1);
	json_real(&json, 1.0 / 3);
	json_real(&json, 1e300);
	json_real(&json, -0.0);
	json_real(&json, NAN);
	json_end_array(&json);
	assert_string_equal(out.data, "[3,0,100000000000000000000,null,0.1,0.3333333333333333,1e+300,0,null]");
	buffer_free(&out);
}

/* All lengths around the steps of folding, at all alignments, beside zlib's. */
static void checksums_are_zlibs(void **state)
{
	static unsigned char bytes[100000];
	uint64_t random = 88172645463325252u;

	(void)state;
	for (size_t i = 0; i < sizeof bytes; i++) {
		random ^= random << 13, random ^= random >> 7, random ^= random << 17;
		bytes[i] = (unsigned char)(random >> 32);
	}
	for (size_t length = 0; length < 400; length++)
		assert_int_equal(checksum_of(bytes + length % 17, length),
				 crc32(0, bytes + length % 17, (unsigned)length));
	assert_int_equal(checksum_of(bytes, sizeof bytes), crc32(0, bytes, sizeof bytes));
	assert_int_equal(checksum_of("123456789", 9), 0xcbf43926);
}

/* A map with room made beforehand holds the same as one that grew by itself. */
static void numbers_are_in_the_order_of_keys(void **state)
{
	(void)state;
	struct numbering numbering = {0};
	bool is_new;

	for (uint64_t i = 0; i < 5000; i++) {
		assert_int_equal(numbering_put(&numbering, i << 40, &is_new), i);
		assert_true(is_new);
	}
	for (uint64_t i = 0; i < 5000; i++) {
		assert_int_equal(numbering_put(&numbering, i << 40, &is_new), i);
		assert_false(is_new);
	}
	assert_int_equal(numbering.count, 5000);
	numbering_free(&numbering);
}

static void packing_is_as_good_as_packing_at_once(void **state)
{
	(void)state;
	enum { WHOLE_BYTES = 100000 };
	struct buffer plain = {0}, once = {0};
	struct error error;
	size_t offset;

	for (int i = 0; plain.length < 3 * WHOLE_BYTES; i++) {
		struct gzip_packing packing;
		struct buffer out = {0};
		gzip_packing_open(&packing, &out, WHOLE_BYTES);
		for (size_t at = 0, piece; at < plain.length; at += piece) {
			piece = plain.length - at < 777 ? plain.length - at : 777;
			buffer_append(&packing.buffer, plain.data + at, piece);
		}
		assert_int_equal(gzip_packing_close(&packing), plain.length);
		once.length = 0;
		if (plain.length < WHOLE_BYTES) {
			gzip_pack(&once, plain.data, plain.length);
			assert_int_equal(out.length, once.length);
			assert_memory_equal(out.data, once.data, once.length);
		} else {
			gzip_pack_quickly(&once, plain.data, plain.length);
			assert_in_range(out.length, once.length * 9 / 10, once.length * 11 / 10);
		}
		once.length = 0;
		assert_true(gzip_unpack(&once, out.data, out.length, plain.length, &offset, &error));
		assert_int_equal(once.length, plain.length);
		assert_true(once.length == 0 || memcmp(once.data, plain.data, once.length) == 0);
		buffer_free(&out);
		for (int k = 0; k < 4001; k++)
			buffer_append_unsigned(&plain, (uint64_t)k * (uint64_t)(i + 7) % 1009);
	}
	buffer_free(&plain);
	buffer_free(&once);
}

static void a_map_with_room_is_a_map(void **state)
{
	struct map *map = map_create();
	size_t found = 0;

	(void)state;
	*map_put(map, 5, NULL) = 6;
	map_reserve(map, 1000);
	for (uint64_t i = 0; i < 5000; i++)
		*map_put(map, i * i, NULL) = i;
	map_reserve(map, 0);
	for (uint64_t i = 0; i < 5000; i++)
		found += *map_get(map, i * i) == i;
	assert_int_equal(found, 5000);
	assert_int_equal(map_count(map), 5001);
	map_free(map);
}

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

/* Numbers of all sizes, many of them more than once: the largest first, and equal ones in their old order. */
static void numbers_sort_without_being_compared(void **state)
{
	enum { COUNT = 3000 };
	static struct keyed items[COUNT];
	static double numbers[COUNT];
	(void)state;

	for (uint32_t i = 0; i < COUNT; i++) {
		const double number = ldexp((double)(i * 7919 % 331) - 165, (int)(i % 5) * 40 - 60);
		numbers[i] = i % 17 ? number : i % 2 ? -0.0 : 0.0;
		items[i] = (struct keyed){keyed_descending(numbers[i]), i};
	}
	keyed_sort(items, 0);
	keyed_sort(items, 1);
	assert_int_equal(items[0].item, 0);
	keyed_sort(items, COUNT);
	for (size_t i = 1; i < COUNT; i++) {
		const double before = numbers[items[i - 1].item], here = numbers[items[i].item];
		assert_true(before > here || (before == here && items[i - 1].item < items[i].item));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(numbers_sort_without_being_compared),
	    cmocka_unit_test(the_first_of_many_are_those_of_the_order),
	    cmocka_unit_test(error_is_one_printable_line),
	    cmocka_unit_test(error_is_cut_to_size),
	    cmocka_unit_test(buffer_grows_and_stays_terminated),
	    cmocka_unit_test_setup_teardown(file_appears_whole_and_alone, enter_directory, leave_directory),
	    cmocka_unit_test_setup_teardown(failed_write_leaves_nothing_behind, enter_directory, leave_directory),
	    cmocka_unit_test_setup_teardown(killed_writer_leaves_what_was_there, enter_directory, leave_directory),
	    cmocka_unit_test(equal_texts_are_one_pointer),
	    cmocka_unit_test(huge_text_is_kept),
	    cmocka_unit_test(safe_text_escapes_and_cuts),
	    cmocka_unit_test(utf8_refuses_what_is_malformed),
	    cmocka_unit_test(map_keeps_every_key),
	    cmocka_unit_test(hash_depends_on_every_byte_and_on_what_came_before),
	    cmocka_unit_test(hash_is_the_same_in_every_build),
	    cmocka_unit_test(json_nests_and_escapes),
	    cmocka_unit_test(json_numbers_read_back),
	    cmocka_unit_test(checksums_are_zlibs),
	    cmocka_unit_test(a_map_with_room_is_a_map),
	    cmocka_unit_test(numbers_are_in_the_order_of_keys),
	    cmocka_unit_test(packing_is_as_good_as_packing_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
