/* SPDX-License-Identifier: Apache-2.0 */
/* C++ functions that only one unit has get no name from the compiler but their own word: seep says what is around them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <libelf.h>
#include <string.h>
#include <unistd.h>

#include "dwarf/dwarf_lookup.h"
#include "support/sample_program.h"
#include "symbols/demangle.h"

enum { ADDRESSES = 4096 };

static const char source[] =
    "extern \"C\" void *malloc(unsigned long);\n"
    "void *volatile kept;\n"
    "namespace {\n"
    "namespace deep { struct Node { static void *grow(int n) { return malloc(n); } }; }\n"
    "template <typename T> struct Pool { T value; void *fresh() { return malloc(sizeof value); } };\n"
    "void *plain() { return malloc(1); }\n"
    "}\n"
    "static void *of_the_file() { return malloc(2); }\n"
    "int listen(int n) {\n"
    "	auto first = [](int) { return malloc(3); };\n"
    "	{ auto inner = [n] { auto own = [n] { return malloc(n); }; return own(); }; kept = inner(); }\n"
    "	auto last = [](auto x) { return malloc(x); };\n"
    "	struct Local { static void *make() { return malloc(5); } };\n"
    "	struct { void *make() { return malloc(6); } } nameless;\n"
    "	kept = first(1), kept = last(7), kept = Local::make(), kept = nameless.make();\n"
    "	return 0;\n"
    "}\n"
    "static auto global = [] { return malloc(8); };\n"
    "int main() {\n"
    "	kept = deep::Node::grow(1), kept = Pool<int>().fresh(), kept = plain(), kept = of_the_file();\n"
    "	kept = global();\n"
    "	return listen(1);\n"
    "}\n";

/* Whether some address of .text is in a function of this name. */
static bool has_function(const struct dwarf_lookup *lookup, const char *wanted)
{
	struct buffer name = {0};
	bool found = false;

	for (size_t i = 0; i < lookup->line_count && !found; i++) {
		if (!lookup->lines[i].function)
			continue;
		demangle(&name, lookup->lines[i].function);
		found = strcmp(name.data, wanted) == 0;
	}
	buffer_free(&name);
	return found;
}

static void what_is_around_a_function_is_in_its_name(void **state)
{
	static const char *const expected[] = {
	    "main",
	    "of_the_file",
	    "listen(int)",
	    "(anonymous namespace)::plain",
	    "(anonymous namespace)::deep::Node::grow",
	    "(anonymous namespace)::Pool<int>::fresh",
	    "listen(int)::Local::make",
	    "listen(int)::{unnamed}::make",
	    "listen(int)::{lambda()#1}::operator()() const",
	    "listen(int)::{lambda()#2}::operator()() const",
	    "listen(int)::{lambda()#3}::operator()() const",
	    "listen(int)::{lambda()#2}::operator()() const::{lambda()#1}::operator()() const",
	    "{lambda()#1}::operator()() const",
	};
	static const char *const options[] = {"-O0", "-O1 -gdwarf-4"};
	static uint64_t addresses[ADDRESSES];

	(void)state;
	write_source("names.cpp", source);
	for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
		struct dwarf_lookup lookup;
		shell("c++ -std=c++17 -g %s -c names.cpp -o names.o && "
		      "c++ -no-pie names.o -o program",
		      options[i]);
		const uint64_t start = symbol_value("program", "_start");
		for (size_t k = 0; k < ADDRESSES; k++)
			addresses[k] = start + k;
		const int descriptor = open("program", O_RDONLY | O_CLOEXEC);
		Dwarf *dwarf = dwarf_begin(descriptor, DWARF_C_READ);
		assert_non_null(dwarf);
		dwarf_lookup_begin(&lookup, addresses, ADDRESSES);
		dwarf_lookup_add(&lookup, dwarf, 0);
		for (size_t k = 0; k < sizeof expected / sizeof *expected; k++)
			if (!has_function(&lookup, expected[k]))
				fail_msg("%s: no %s", options[i], expected[k]);
		dwarf_lookup_free(&lookup);
		dwarf_end(dwarf);
		close(descriptor);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(what_is_around_a_function_is_in_its_name, scratch_enter, scratch_leave),
	};

	elf_version(EV_CURRENT);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
