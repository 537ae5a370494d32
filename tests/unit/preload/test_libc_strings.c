/* SPDX-License-Identifier: Apache-2.0 */
/* libseep.so's own memory and string functions, beside the C library's on all short strings of three letters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#define NAMES(X)                                                                                                       \
	X(memcpy)                                                                                                      \
	X(memset)                                                                                                      \
	X(memmove)                                                                                                     \
	X(memcmp)                                                                                                      \
	X(memchr) X(strnlen) X(strlen) X(strncmp) X(strcmp) X(strchr) X(strrchr) X(strstr) X(strcspn) X(strspn)
#define OWN_PROTOTYPE(name) extern __typeof__(name) own_##name;
NAMES(OWN_PROTOTYPE)
#define memcpy own_memcpy
#define memset own_memset
#define memmove own_memmove
#define memcmp own_memcmp
#define memchr own_memchr
#define strnlen own_strnlen
#define strlen own_strlen
#define strncmp own_strncmp
#define strcmp own_strcmp
#define strchr own_strchr
#define strrchr own_strrchr
#define strstr own_strstr
#define strcspn own_strcspn
#define strspn own_strspn
#include "shim/libc/strings.c"
#undef memcpy
#undef memset
#undef memmove
#undef memcmp
#undef memchr
#undef strnlen
#undef strlen
#undef strncmp
#undef strcmp
#undef strchr
#undef strrchr
#undef strstr
#undef strcspn
#undef strspn

#define LETTERS "a\xe9z"
#define STRINGS 121 /* of up to four letters */

static void make(unsigned number, char text[8])
{
	size_t length = 0;
	for (; number > 0; number = (number - 1) / 3)
		text[length++] = LETTERS[(number - 1) % 3];
	text[length] = 0;
}

static int sign(int value)
{
	return (value > 0) - (value < 0);
}

static void strings_are_compared_and_searched_as_by_the_c_library(void **state)
{
	(void)state;
	for (unsigned i = 0; i < STRINGS * STRINGS; i++) {
		char a[8], b[8];
		make(i / STRINGS, a);
		make(i % STRINGS, b);
		assert_int_equal(sign(own_strcmp(a, b)), sign(strcmp(a, b)));
		assert_ptr_equal(own_strstr(a, b), strstr(a, b));
		assert_int_equal(own_strcspn(a, b), strcspn(a, b));
		assert_int_equal(own_strspn(a, b), strspn(a, b));
		for (size_t most = 0; most < 6; most++) {
			assert_int_equal(sign(own_strncmp(a, b, most)), sign(strncmp(a, b, most)));
			assert_int_equal(own_strnlen(a, most), strnlen(a, most));
			if (most <= strlen(a) && most <= strlen(b))
				assert_int_equal(sign(own_memcmp(a, b, most)), sign(memcmp(a, b, most)));
		}
	}
}

static void letters_are_found_as_by_the_c_library(void **state)
{
	(void)state;
	static const int letters[] = {0, 'a', 'z', 0xe9, (char)0xe9, 'x', 256 + 'a'};
	for (unsigned i = 0; i < STRINGS * 7; i++) {
		char text[8];
		int letter = letters[i % 7];
		make(i / 7, text);
		assert_int_equal(own_strlen(text), strlen(text));
		assert_ptr_equal(own_strchr(text, letter), strchr(text, letter));
		assert_ptr_equal(own_strrchr(text, letter), strrchr(text, letter));
		for (size_t count = 0; count <= strlen(text); count++)
			assert_ptr_equal(own_memchr(text, letter, count), memchr(text, letter, count));
	}
}

static void memory_is_moved_as_by_the_c_library(void **state)
{
	(void)state;
	for (size_t from = 0; from < 40; from++)
		for (size_t to = 0; to < 40; to++)
			for (size_t bytes = 0; bytes < 40; bytes += 7) {
				char own[80], wanted[80];
				for (int i = 0; i < 80; i++)
					own[i] = wanted[i] = (char)(i * 5 + 1);
				assert_ptr_equal(own_memmove(own + to, own + from, bytes), own + to);
				memmove(wanted + to, wanted + from, bytes);
				assert_memory_equal(own, wanted, 80);
				assert_ptr_equal(own_memset(own + to, 0x1ff, bytes), own + to);
				memset(wanted + to, 0xff, bytes); /* of the value the lowest byte counts */
				assert_memory_equal(own, wanted, 80);
				assert_ptr_equal(own_memcpy(own, wanted + from, bytes), own);
				memcpy(wanted, wanted + from, from < bytes ? 0 : bytes);
				if (from >= bytes)
					assert_memory_equal(own, wanted, 80);
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(strings_are_compared_and_searched_as_by_the_c_library),
	    cmocka_unit_test(letters_are_found_as_by_the_c_library),
	    cmocka_unit_test(memory_is_moved_as_by_the_c_library),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
