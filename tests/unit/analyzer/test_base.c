/* SPDX-License-Identifier: Apache-2.0 */
/* The analyzer's foundations: errors, buffers, interned texts, maps and numberings, JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/json.h"
#include "base/map.h"
#include "base/memory.h"
#include "base/string_pool.h"
#include "base/utf8.h"

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
	for (uint64_t key = 0; key < 10000; key++)
		assert_int_equal(*map_get(map, key << 40), key + 1);
	assert_null(map_get(map, 1));
	assert_int_equal(*map_put(map, UINT64_C(7) << 40, &inserted), 8);
	assert_false(inserted);
	map_free(map);
}

/* A map with room made beforehand holds the same as one that grew by itself. */
static void a_map_with_room_keeps_every_key(void **state)
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
	map_free(map);
}

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

/* What printf says of these: their shortest forms and their first six digits. */
static void json_numbers_are_those_of_printf(void **state)
{
	(void)state;
	static const double values[] = {
	    0,      1,    10,     1500, 999999,  1e6,      999999.5, 1234565, 9.9999995e-5, 9999995, 0.0625, 1.0 / 3e5,
	    1e-300, 1e15, 5e-324, 1e21, DBL_MAX, 123456.5, 104.667,  2.5e-5,  87464.4,      0x1p53,  2e6 / 3};
	struct buffer out = {0};
	char real[40], number[40];

	for (size_t i = 0; i < 2 * sizeof values / sizeof *values; i++) {
		const double value = i % 2 ? -values[i / 2] : values[i / 2];
		struct json json = {.out = &out};
		for (int digits = 1; digits == 1 || strtod(real, NULL) != value; digits++)
			snprintf(real, sizeof real, "%.*g", digits, value == 0 ? 0.0 : value);
		snprintf(number, sizeof number, "%.6g", value);
		const double six = strtod(number, NULL);
		for (int digits = 1; digits == 1 || strtod(number, NULL) != six; digits++)
			snprintf(number, sizeof number, "%.*g", digits, six == 0 ? 0.0 : six);
		out.length = 0;
		json_real(&json, value);
		assert_string_equal(out.data, real);
		out.length = 0;
		json.comma = false;
		json_number(&json, value);
		assert_string_equal(out.data, number);
	}
	buffer_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(error_is_one_printable_line),
	    cmocka_unit_test(error_is_cut_to_size),
	    cmocka_unit_test(buffer_grows_and_stays_terminated),
	    cmocka_unit_test(equal_texts_are_one_pointer),
	    cmocka_unit_test(huge_text_is_kept),
	    cmocka_unit_test(safe_text_escapes_and_cuts),
	    cmocka_unit_test(utf8_refuses_what_is_malformed),
	    cmocka_unit_test(map_keeps_every_key),
	    cmocka_unit_test(a_map_with_room_keeps_every_key),
	    cmocka_unit_test(numbers_are_in_the_order_of_keys),
	    cmocka_unit_test(hash_depends_on_every_byte_and_on_what_came_before),
	    cmocka_unit_test(hash_is_the_same_in_every_build),
	    cmocka_unit_test(json_nests_and_escapes),
	    cmocka_unit_test(json_numbers_read_back),
	    cmocka_unit_test(json_numbers_are_those_of_printf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
