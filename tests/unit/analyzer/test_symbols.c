/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names for addresses of programs that the test compiles: with DWARF, with
 * symbol tables, with nothing; debug files beside and elsewhere; wrong ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/random.h"
#include "support/sample_program.h"
#include "symbols/symbols.h"

static const char source[] = "volatile int sink;\n"
			     "static inline __attribute__((always_inline)) int innermost(int x)\n"
			     "{\n"
			     "	__asm__ volatile(\"inlined_here: nop\\n after_inlined: nop\");\n" /* line 4 */
			     "	return sink + x;\n"
			     "}\n"
			     "static inline __attribute__((always_inline)) int middle(int x)\n"
			     "{\n"
			     "	return innermost(x) * 2;\n" /* line 9 */
			     "}\n"
			     "__attribute__((noinline)) int outer(int x)\n"
			     "{\n"
			     "	sink++;\n"
			     "	return middle(x) + 1;\n" /* line 14 */
			     "}\n"
			     "static __attribute__((noinline)) int hidden(int x)\n"
			     "{\n"
			     "	__asm__ volatile(\"hidden_here: nop\");\n" /* line 18 */
			     "	return x * sink;\n"
			     "}\n"
			     "int main(void)\n"
			     "{\n"
			     "	return outer(sink) + hidden(sink);\n"
			     "}\n";

static uint64_t inlined_here, hidden_here, hidden_start;
static uint8_t build_id[32];
static size_t build_id_bytes;

/* "program" in the scratch directory, and where its labels are. */
static void compile(const char *options)
{
	write_source("source.c", source);
	shell("cc -O2 -rdynamic -no-pie %s source.c -o program", options);
	inlined_here = symbol_value("program", "inlined_here");
	hidden_here = symbol_value("program", "hidden_here");
	hidden_start = symbol_value("program", "hidden");
	build_id_bytes = build_id_of("program", build_id);
}

/* The result for one address. */
struct answer {
	struct string_pool *strings;
	struct symbol_lines lines;
	struct symbol_module module;
	struct symbol_address address;
};

static void answer_free(struct answer *answer)
{
	string_pool_free(answer->strings);
	free(answer->lines.lines);
}

static struct answer ask_module(struct symbol_module module, uint64_t address, bool exact, const char *directory)
{
	struct answer answer = {.strings = string_pool_create(), .module = module};
	const struct symbol_search search = {.directory = directory};
	struct symbol_address asked = {.address = address, .exact = exact};

	answer.module.addresses = &asked;
	answer.module.address_count = 1;
	symbols_resolve(&answer.module, 1, &search, answer.strings, &answer.lines);
	answer.address = asked;
	assert_non_null(answer.module.source);
	assert_true(asked.line_count >= 1);
	assert_true(asked.first_line + asked.line_count <= answer.lines.count);
	return answer;
}

static struct answer ask(const char *path, uint64_t address, bool exact, const char *directory)
{
	return ask_module(
	    (struct symbol_module){.path = path, .build_id = build_id, .build_id_bytes = (uint32_t)build_id_bytes},
	    address, exact, directory);
}

static const struct source_line *line_of(const struct answer *answer, uint32_t index)
{
	assert_true(index < answer->address.line_count);
	return &answer->lines.lines[answer->address.first_line + index];
}

static void assert_line(const struct answer *answer, uint32_t index, const char *function, uint32_t line, bool inlined)
{
	const struct source_line *found = line_of(answer, index);

	assert_string_equal(found->function, function);
	assert_non_null(found->file);
	assert_string_equal(strrchr(found->file, '/'), "/source.c");
	assert_int_equal(found->line, line);
	assert_int_equal(found->inlined, inlined);
}

/* The whole chain at inlined_here, wherever the DWARF came from. */
static void assert_inlined_chain(struct answer answer)
{
	assert_true(answer.module.has_lines);
	assert_int_equal(answer.address.line_count, 3);
	assert_line(&answer, 0, "innermost", 4, true);
	assert_line(&answer, 1, "middle", 9, true);
	assert_line(&answer, 2, "outer", 14, false);
	answer_free(&answer);
}

/* One name without file or line. */
static void assert_bare_name(struct answer *answer, const char *function)
{
	assert_false(answer->module.has_lines);
	assert_int_equal(answer->address.line_count, 1);
	assert_string_equal(line_of(answer, 0)->function, function);
	assert_null(line_of(answer, 0)->file);
	assert_int_equal(line_of(answer, 0)->line, 0);
}

static void assert_unnamed(struct answer *answer, uint64_t offset)
{
	char name[64];

	snprintf(name, sizeof name, "program+0x%" PRIx64, offset);
	assert_bare_name(answer, name);
}

static void inlined_calls_are_expanded(void **state)
{
	(void)state;
	static const char *const options[] = {"-g", "-g -gdwarf-4", "-g -gsplit-dwarf", "-g -gz"};

	for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
		compile(options[i]);
		assert_inlined_chain(ask("program", inlined_here, true, NULL));
	}
}

/* clang writes neither .debug_aranges nor sibling links. */
static void clang_is_understood_too(void **state)
{
	(void)state;
	if (system("clang --version >/dev/null 2>&1") != 0)
		skip();
	write_source("source.c", source);
	shell("clang -O2 -rdynamic -no-pie -g source.c -o program");
	build_id_bytes = 0;
	assert_inlined_chain(ask("program", symbol_value("program", "inlined_here"), true, NULL));
	struct answer answer = ask("program", symbol_value("program", "hidden_here"), true, NULL);
	assert_line(&answer, 0, "hidden", 18, false);
	answer_free(&answer);
}

static void return_address_stands_for_the_call_before_it(void **state)
{
	(void)state;
	compile("-g");
	/* hidden_start, as a return address, would belong to the function before; inlined_here is one byte long. */
	assert_inlined_chain(ask("program", inlined_here + 1, false, NULL));
	struct answer at = ask("program", hidden_start, true, NULL);
	struct answer before = ask("program", hidden_start, false, NULL);
	assert_string_equal(line_of(&at, 0)->function, "hidden");
	assert_string_not_equal(line_of(&before, before.address.line_count - 1)->function, "hidden");
	answer_free(&at);
	answer_free(&before);
}

static void answers_come_in_the_order_of_the_questions(void **state)
{
	(void)state;
	compile("-g");
	struct symbol_address addresses[] = {{.address = hidden_here, .exact = true},
					     {.address = inlined_here, .exact = true},
					     {.address = 1},
					     {.address = hidden_here, .exact = true}};
	static const char *const functions[] = {"hidden", "outer", "program+0x1", "hidden"};
	struct symbol_module modules[] = {
	    {.path = "missing", .addresses = &addresses[2], .address_count = 1},
	    {.path = "program", .addresses = addresses, .address_count = 4},
	};
	struct string_pool *strings = string_pool_create();
	struct symbol_lines lines = {0};
	symbols_resolve(modules, 2, &(struct symbol_search){0}, strings, &lines);
	for (size_t i = 0; i < 4; i++) {
		uint32_t last = addresses[i].first_line + addresses[i].line_count - 1;
		assert_string_equal(lines.lines[last].function, functions[i]);
	}
	assert_string_equal(modules[0].source, "missing: No such file or directory");
	string_pool_free(strings);
	free(lines.lines);
}

static void symbol_table_serves_without_dwarf(void **state)
{
	(void)state;
	compile("");
	struct answer answer = ask("program", hidden_here, true, NULL);
	assert_bare_name(&answer, "hidden");
	assert_string_equal(answer.module.source, "symbol table of program, no DWARF");
	answer_free(&answer);
}

static void stripped_program_has_exported_names_and_function_starts(void **state)
{
	(void)state;
	compile("-g");
	shell("strip program");
	struct answer answer = ask("program", inlined_here, true, NULL);
	assert_bare_name(&answer, "outer");
	assert_string_equal(answer.module.source, "exported names of program only, neither DWARF nor symbol table");
	answer_free(&answer);
	answer = ask("program", hidden_here, true, NULL);
	assert_unnamed(&answer, hidden_start);
	answer_free(&answer);
}

static void without_an_unwind_table_the_address_is_the_name(void **state)
{
	(void)state;
	compile("-fno-asynchronous-unwind-tables");
	shell("strip program");
	struct answer answer = ask("program", hidden_here + 1, false, NULL);
	assert_unnamed(&answer, hidden_here + 1);
	answer_free(&answer);
}

static void debug_link_is_followed(void **state)
{
	(void)state;
	compile("-g");
	shell("objcopy --only-keep-debug program program.debug && strip program &&"
	      "objcopy --add-gnu-debuglink=program.debug program && mkdir .debug && mv program.debug .debug");
	assert_inlined_chain(ask("program", inlined_here, true, NULL));
}

static void debug_link_to_another_build_is_refused(void **state)
{
	(void)state;
	compile("-g -Wl,--build-id=none");
	assert_int_equal(build_id_bytes, 0);
	shell("objcopy --only-keep-debug program program.debug && strip program &&"
	      "objcopy --add-gnu-debuglink=program.debug program && mkdir .debug");
	shell(
	    "cc -g -O0 source.c -o other && objcopy --only-keep-debug other .debug/program.debug && rm program.debug");
	struct answer answer = ask("program", hidden_here, true, NULL);
	assert_unnamed(&answer, hidden_start);
	answer_free(&answer);
}

static void other_build_is_refused_and_said(void **state)
{
	(void)state;
	char expected[256] = "refused program: its build id ";
	compile("-g");
	shell("cc -g -O2 -DOTHER -Wl,--build-id=0x0102030405060708090a0b0c0d0e0f1011121314 source.c -o program");
	struct answer answer = ask("program", hidden_here, true, NULL);
	assert_unnamed(&answer, hidden_here);
	strcat(expected, "0102030405060708090a0b0c0d0e0f1011121314 is not the recorded ");
	for (size_t i = 0; i < build_id_bytes; i++)
		sprintf(expected + strlen(expected), "%02x", build_id[i]);
	assert_string_equal(answer.module.source, expected);
	answer_free(&answer);
	shell("strip -R .note.gnu.build-id program");
	answer = ask("program", hidden_here, true, NULL);
	assert_unnamed(&answer, hidden_here);
	assert_non_null(strstr(answer.module.source, "its build id is missing"));
	answer_free(&answer);
}

static void debug_files_given_by_hand_are_found(void **state)
{
	(void)state;
	char link[128] = "by-id/.build-id/";
	compile("-g");
	shell("mkdir flat and-debug empty && cp program flat && objcopy --only-keep-debug program "
	      "and-debug/program.debug");
	sprintf(link + strlen(link), "%02x/", build_id[0]);
	shell("mkdir -p %s", link);
	for (size_t i = 1; i < build_id_bytes; i++)
		sprintf(link + strlen(link), "%02x", build_id[i]);
	shell("cp and-debug/program.debug %s.debug && strip program", link);
	assert_inlined_chain(ask("program", inlined_here, true, "flat"));
	assert_inlined_chain(ask("program", inlined_here, true, "and-debug"));
	char *absolute = realpath("by-id", NULL);
	assert_inlined_chain(ask("program", inlined_here, true, absolute));
	struct answer answer = ask("program", inlined_here, true, "empty");
	assert_bare_name(&answer, "outer");
	answer_free(&answer);
	/* The program itself need not be there any more. */
	shell("rm program");
	assert_inlined_chain(ask("program", inlined_here, true, "flat"));
	assert_inlined_chain(ask("program", inlined_here, true, "and-debug"));
	assert_inlined_chain(ask("program", inlined_here, true, absolute));
	free(absolute);
}

static void only_regular_files_are_opened(void **state)
{
	(void)state;
	static const char *const paths[] = {"pipe", "folder", "/dev/zero", "text", ""};

	shell("mkfifo pipe && mkdir folder && echo hello >text");
	build_id_bytes = 0;
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		struct answer answer = ask(paths[i], 0x1234, false, NULL);
		assert_false(answer.module.has_lines);
		assert_non_null(strstr(line_of(&answer, 0)->function, "+0x1234"));
		assert_non_null(strstr(answer.module.source, paths[i]));
		answer_free(&answer);
	}
}

/* No content of the file may crash the analyzer, or leave an address without a line. */
static void damaged_files_do_no_harm(void **state)
{
	(void)state;
	enum { FLIPS = 40 };
	const int rounds = getenv("LONG_TESTS") ? 60 : 15;
	uint64_t random = 88172645463325252u;
	compile("-g");
	build_id_bytes = 0;
	FILE *file = fopen("program", "rb");
	static unsigned char whole[1 << 17], bytes[1 << 17];
	size_t length = fread(whole, 1, sizeof whole, file);
	fclose(file);
	assert_in_range(length, 1000, sizeof whole - 1);
	for (int round = 0; round < rounds; round++) {
		memcpy(bytes, whole, length);
		for (int flip = 0; flip < FLIPS; flip++) {
			random_next(&random);
			/* Every other round only behind the code: sections, DWARF, tables. */
			size_t from = round % 2 ? length / 4 : 0;
			bytes[from + random % (length - from)] = (unsigned char)(random >> 40);
		}
		file = fopen("program", "wb");
		assert_int_equal(fwrite(bytes, 1, round % 5 ? length : length - random % 4000, file) > 0, 1);
		fclose(file);
		struct answer answer = ask("program", inlined_here, true, NULL);
		answer_free(&answer);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_enter, scratch_leave)
	    IN_SCRATCH(inlined_calls_are_expanded),
	    IN_SCRATCH(clang_is_understood_too),
	    IN_SCRATCH(return_address_stands_for_the_call_before_it),
	    IN_SCRATCH(answers_come_in_the_order_of_the_questions),
	    IN_SCRATCH(symbol_table_serves_without_dwarf),
	    IN_SCRATCH(stripped_program_has_exported_names_and_function_starts),
	    IN_SCRATCH(without_an_unwind_table_the_address_is_the_name),
	    IN_SCRATCH(debug_link_is_followed),
	    IN_SCRATCH(debug_link_to_another_build_is_refused),
	    IN_SCRATCH(other_build_is_refused_and_said),
	    IN_SCRATCH(debug_files_given_by_hand_are_found),
	    IN_SCRATCH(only_regular_files_are_opened),
	    IN_SCRATCH(damaged_files_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
