/* SPDX-License-Identifier: Apache-2.0 */
/* Readable names, also for names made to do harm; and which names are the allocator's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "profile/allocator_frames.h"
#include "symbols/demangle.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void names_become_readable(void **state)
{
	(void)state;
	static const char *const names[][2] = {
	    {"main", "main"},
	    {"_ZN3foo3barEi", "foo::bar(int)"},
	    {"_Znwm", "operator new(unsigned long)"},
	    {"_Z3addIiET_S0_S0_", "add<int>(int, int)"},
	    {"_ZNKSt6vectorIiSaIiEE4sizeEv", "std::vector<int, std::allocator<int> >::size() const"},
	    {"_Z3foov.cold", "foo() [clone .cold]"},
	    {"_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE", "core::fmt::Write::write_fmt"},
	    {"_RNvNtCs1234_7mycrate3foo3bar", "mycrate::foo::bar"},
	    {"malloc@@GLIBC_2.2.5", "malloc"},
	    {"_Znwm@GLIBCXX_3.4", "operator new(unsigned long)"},
	    {"@", "@"},
	    {"_Z", "_Z"},
	    {"_Zebra", "_Zebra"},
	    {"_Run", "_Run"},
	    {"", ""},
	};
	struct buffer out = {0};

	for (size_t i = 0; i < COUNT(names); i++) {
		demangle(&out, names[i][0]);
		assert_string_equal(out.data, names[i][1]);
	}
	buffer_free(&out);
}

/* By itself, libiberty gives up above 1,024 bytes. */
static void long_cpp_name_is_demangled(void **state)
{
	(void)state;
	struct buffer name = {0}, out = {0};

	buffer_append_text(&name, "_ZN");
	for (int i = 0; i < 500; i++)
		buffer_append_text(&name, "5outer");
	buffer_append_text(&name, "3barEv");
	demangle(&out, name.data);
	assert_int_equal(out.length, 500 * strlen("outer::") + strlen("bar()"));
	assert_memory_equal(out.data, "outer::outer::", 14);
	buffer_free(&name);
	buffer_free(&out);
}

static void endless_name_is_cut(void **state)
{
	(void)state;
	struct buffer out = {0};
	size_t length = 1 << 20;
	char *name = memory_allocate(length + 1, 1);

	memset(name, 'n', length);
	demangle(&out, name);
	assert_int_equal(out.length, MANGLED_LIMIT + 3);
	assert_string_equal(out.data + MANGLED_LIMIT - 1, "n...");
	memcpy(name, "_ZN", 3);
	demangle(&out, name);
	assert_int_equal(out.length, MANGLED_LIMIT + 3);
	free(name);
	buffer_free(&out);
}

/* Each parameter is the previous one twice: 50 of them have 2^50 letters. */
static void name_that_doubles_itself_is_cut(void **state)
{
	(void)state;
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	struct buffer name = {0}, out = {0};

	buffer_append_text(&name, "_Z1f1A1BIS_S_E");
	for (int i = 1; i <= 34; i++)
		buffer_printf(&name, "S0_IS%c_S%c_E", digits[i], digits[i]);
	demangle(&out, name.data);
	assert_int_equal(out.length, DEMANGLED_LIMIT + 3);
	assert_memory_equal(out.data, "f(A, B<A, A>, B<B<A, A>, B<A, A> >,", 35);
	assert_string_equal(out.data + DEMANGLED_LIMIT, "...");
	buffer_free(&name);
	buffer_free(&out);
}

static void allocator_functions_are_known(void **state)
{
	(void)state;
	static const char *const allocator[] = {
	    "malloc",
	    "calloc",
	    "realloc",
	    "reallocarray",
	    "posix_memalign",
	    "aligned_alloc",
	    "memalign",
	    "valloc",
	    "pvalloc",
	    "__libc_malloc",
	    "__libc_memalign",
	    "__posix_memalign",
	    "operator new(unsigned long)",
	    "operator new[](unsigned long, std::align_val_t, std::nothrow_t const&)",
	    "mallocx",
	    "rallocx",
	    "je_malloc",
	    "je_arena_malloc_hard",
	    "_rjem_mallocx",
	    "tc_malloc",
	    "tc_newarray",
	    "mi_malloc",
	    "mi_heap_malloc",
	    "mi_posix_memalign",
	    "std::allocator<char>::allocate(unsigned long)",
	    "std::__new_allocator<std::pair<int const, std::vector<int> > >::allocate(unsigned long, void const*)",
	    "__gnu_cxx::new_allocator<char>::allocate(unsigned long, void const*)",
	    "std::allocator_traits<std::allocator<int> >::allocate(std::allocator<int>&, unsigned long)",
	    "std::__1::allocator<char>::allocate[abi:v15007](unsigned long)",
	    "__rust_alloc",
	    "alloc::alloc::exchange_malloc",
	    "<alloc::alloc::Global as core::alloc::Allocator>::allocate",
	};
	static const char *const program[] = {
	    "main",
	    "zmalloc",
	    "xmalloc",
	    "malloc_stats_of_mine",
	    "Pool::operator new(unsigned long)",
	    "mi_create",
	    "jemalloc_stats",
	    "std::allocator<char>::allocate_more(unsigned long)",
	    "std::vector<int, std::allocator<int> >::_M_allocate(unsigned long)",
	    "std::vector<int, std::allocator<int> >::push_back(int const&)",
	    "my::allocator<char>::allocate(unsigned long)",
	    "std::allocator<char",
	    "strdup",
	    "",
	};

	for (size_t i = 0; i < COUNT(allocator); i++)
		if (!function_is_allocator(allocator[i]))
			fail_msg("%s is not taken for the allocator's", allocator[i]);
	for (size_t i = 0; i < COUNT(program); i++)
		if (function_is_allocator(program[i]))
			fail_msg("%s is taken for the allocator's", program[i]);
	assert_true(module_is_allocator("/usr/lib/x86_64-linux-gnu/libjemalloc.so.2"));
	assert_true(module_is_allocator("libtcmalloc_minimal.so.4"));
	assert_true(module_is_allocator("/x/libmimalloc.so.2.0"));
	assert_true(module_is_allocator("build/libseep.so"));
	assert_false(module_is_allocator("/usr/lib/libjemalloc-user.so"));
	assert_false(module_is_allocator("/libjemalloc.so/server"));
	assert_false(module_is_allocator(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_become_readable),         cmocka_unit_test(long_cpp_name_is_demangled),
	    cmocka_unit_test(endless_name_is_cut),           cmocka_unit_test(name_that_doubles_itself_is_cut),
	    cmocka_unit_test(allocator_functions_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
