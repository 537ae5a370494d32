/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The child process that looks up names, and the stream between child and parent, cut and broken. The test's own
 * resolver replaces the one that reads files: it crashes where its module tells it to.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "symbols/resolve.h"
#include "symbols/symbols.h"
#include "symbols/wire.h"

/* Linked in place of symbols/resolve.c. A path "crashes below 2" dies unless the effort is 2 or a later one. */
void resolve_module(struct wire *wire, const struct symbol_module *module, uint32_t number,
		    const struct symbol_search *search, enum resolve_effort effort)
{
	static const char *const sources[] = {"all", "symbol tables", "nothing"};
	int survives_at = 0;

	(void)search;
	if (sscanf(module->path, "crashes below %d", &survives_at) == 1 && (int)effort < survives_at) {
		kill(getpid(), SIGKILL); /* a sanitizer would have much to say about SIGSEGV */
		pause();
	}
	for (size_t i = 0; i < module->address_count; i++) {
		char name[64];
		snprintf(name, sizeof name, "function %d", (int)module->addresses[i].address);
		wire_begin_address(wire, 2);
		wire_line(wire, wire_text(wire, "inlined"), wire_text(wire, "a.c"), 7, true);
		wire_line(wire, wire_text(wire, name), 0, 0, false);
	}
	wire_end_module(wire, number, wire_text(wire, sources[effort]), effort == RESOLVE_ALL,
			(uint32_t)module->address_count);
}

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Resolves modules with these paths, each with one address: its index. */
struct resolved {
	struct symbol_module modules[32];
	struct symbol_address addresses[32];
	struct symbol_lines lines;
	struct string_pool *strings;
};

static void resolve(struct resolved *resolved, const char *const *paths, size_t count)
{
	*resolved = (struct resolved){.strings = string_pool_create()};
	for (size_t i = 0; i < count; i++) {
		resolved->addresses[i].address = i;
		resolved->modules[i] =
		    (struct symbol_module){.path = paths[i], .addresses = &resolved->addresses[i], .address_count = 1};
	}
	symbols_resolve(resolved->modules, count, &(struct symbol_search){0}, resolved->strings, &resolved->lines);
}

static void resolved_free(struct resolved *resolved)
{
	string_pool_free(resolved->strings);
	free(resolved->lines.lines);
}

static const char *function_of(const struct resolved *resolved, size_t index)
{
	const struct symbol_address *address = &resolved->addresses[index];

	assert_true(address->line_count > 0);
	return resolved->lines.lines[address->first_line + address->line_count - 1].function;
}

static void the_childs_answers_reach_the_caller(void **state)
{
	(void)state;
	static const char *const paths[] = {"a", "b"};
	struct resolved resolved;

	resolve(&resolved, paths, COUNT(paths));
	assert_string_equal(function_of(&resolved, 0), "function 0");
	assert_string_equal(function_of(&resolved, 1), "function 1");
	assert_string_equal(resolved.modules[1].source, "all");
	assert_true(resolved.modules[1].has_lines);
	const struct source_line *innermost = &resolved.lines.lines[resolved.addresses[1].first_line];
	assert_string_equal(innermost->function, "inlined");
	assert_string_equal(innermost->file, "a.c");
	assert_int_equal(innermost->line, 7);
	assert_true(innermost->inlined);
	assert_null(innermost[1].file);
	assert_false(innermost[1].inlined);
	resolved_free(&resolved);
}

static void crash_costs_effort_for_its_module_only(void **state)
{
	(void)state;
	static const char *const paths[] = {"fine", "crashes below 1", "fine", "crashes below 2", "crashes below 3",
					    "fine"};
	static const char *const sources[] = {
	    "all", "symbol tables", "all", "nothing", "not looked up: too many files made the reader crash", "all"};
	struct resolved resolved;

	resolve(&resolved, paths, COUNT(paths));
	for (size_t i = 0; i < COUNT(paths); i++)
		assert_string_equal(resolved.modules[i].source, sources[i]);
	assert_string_equal(function_of(&resolved, 3), "function 3");
	assert_string_equal(function_of(&resolved, 4), "crashes below 3+0x4");
	assert_string_equal(function_of(&resolved, 5), "function 5");
	resolved_free(&resolved);
}

static void crashes_without_end_are_given_up(void **state)
{
	(void)state;
	const char *paths[32];
	struct resolved resolved;

	for (size_t i = 0; i < COUNT(paths); i++)
		paths[i] = "crashes below 9";
	resolve(&resolved, paths, COUNT(paths));
	for (size_t i = 0; i < COUNT(paths); i++) {
		char name[64];
		snprintf(name, sizeof name, "crashes below 9+0x%x", (unsigned)i);
		assert_string_equal(function_of(&resolved, i), name);
	}
	resolved_free(&resolved);
}

/* A stream for two modules of two addresses each. */
static struct buffer make_stream(struct symbol_module *modules, struct symbol_address *addresses)
{
	struct wire wire;

	wire_open(&wire);
	for (uint32_t i = 0; i < 2; i++) {
		modules[i] = (struct symbol_module){.path = "fine", .addresses = &addresses[2 * i], .address_count = 2};
		resolve_module(&wire, &modules[i], i, NULL, RESOLVE_ALL);
	}
	struct buffer stream = {0};
	buffer_append(&stream, wire.out.data, wire.out.length);
	wire_close(&wire);
	return stream;
}

/* Reads a copy that ends where its memory ends. */
static size_t read_stream(const char *data, size_t length, struct symbol_module *modules)
{
	struct buffer stream = {.data = memory_allocate(length, 1), .length = length};
	struct string_pool *strings = string_pool_create();
	struct symbol_lines lines = {0};

	memcpy(stream.data, data, length);
	size_t done = wire_read(&stream, modules, 2, strings, &lines);
	for (size_t i = 0; i < 2; i++) {
		if (!modules[i].source)
			continue;
		for (size_t j = 0; j < 2; j++) {
			const struct symbol_address *address = &modules[i].addresses[j];
			assert_true(address->line_count > 0);
			assert_true((size_t)address->first_line + address->line_count <= lines.count);
		}
	}
	string_pool_free(strings);
	free(lines.lines);
	free(stream.data);
	return done;
}

static void cut_stream_counts_to_its_last_whole_record(void **state)
{
	(void)state;
	struct symbol_module modules[2];
	struct symbol_address addresses[4] = {{.address = 1}, {.address = 2}, {.address = 3}, {.address = 4}};
	struct buffer stream = make_stream(modules, addresses);
	size_t before = 0;

	for (size_t length = 0; length <= stream.length; length++) {
		modules[0].source = modules[1].source = NULL;
		size_t done = read_stream(stream.data, length, modules);
		assert_true(done >= before && done <= before + 1);
		before = done;
	}
	assert_int_equal(before, 2);
	buffer_free(&stream);
}

static void broken_stream_does_no_harm(void **state)
{
	(void)state;
	struct symbol_module modules[2];
	struct symbol_address addresses[4] = {{.address = 1}, {.address = 2}, {.address = 3}, {.address = 4}};
	struct buffer stream = make_stream(modules, addresses);

	for (size_t bit = 0; bit < 8 * stream.length; bit++) {
		modules[0].source = modules[1].source = NULL;
		stream.data[bit / 8] ^= (char)(1 << bit % 8);
		assert_true(read_stream(stream.data, stream.length, modules) <= 2);
		stream.data[bit / 8] ^= (char)(1 << bit % 8);
	}
	buffer_free(&stream);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_childs_answers_reach_the_caller),
	    cmocka_unit_test(crash_costs_effort_for_its_module_only),
	    cmocka_unit_test(crashes_without_end_are_given_up),
	    cmocka_unit_test(cut_stream_counts_to_its_last_whole_record),
	    cmocka_unit_test(broken_stream_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
