/* SPDX-License-Identifier: Apache-2.0 */
/* Source lines: for what each stands, which files are read for them, and how they are made fit to show. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "source/line_table.h"
#include "source/source_excerpt.h"
#include "source/source_text.h"
#include "source/source_view.h"
#include "source/sources.h"
#include "support/profile_maker.h"
#include "support/sample_program.h"
#include "support/story_comparison.h"

static const struct source_function *function_named(const struct line_table *table, const char *name)
{
	for (uint32_t i = 0; i < table->function_count; i++)
		if (strcmp(table->functions[i].name, name) == 0)
			return &table->functions[i];
	fail_msg("no function %s", name);
	return NULL;
}

static double flat_of(const struct line_table *table, const char *name)
{
	return line_value_estimate(&function_named(table, name)->sum.flat);
}

static double cumulative_of(const struct line_table *table, const char *name)
{
	return line_value_estimate(&function_named(table, name)->sum.cumulative);
}

static void a_line_counts_each_stack_once(void **state)
{
	struct profile_maker *maker = profile_maker_create("server");
	struct inventory inventory;
	struct line_table table;

	(void)state;
	profile_maker_add(maker, "main;walk;walk;walk;leaf", (struct made_values){.in_use_bytes = 100});
	profile_maker_add(maker, "main;walk;leaf", (struct made_values){.in_use_bytes = 10});
	profile_maker_add(maker, "main;outer=>middle=>inner", (struct made_values){.in_use_bytes = 1});
	inventory_build(&inventory, profile_maker_profile(maker), GROUP_BY_STACK, ORDER_INUSE, UINT32_MAX);
	line_table_of_inventory(&table, &inventory, ORDER_INUSE);
	assert_near(cumulative_of(&table, "walk"), 110, 1e-12);
	assert_near(flat_of(&table, "walk"), 0, 1e-12);
	assert_near(cumulative_of(&table, "main"), 111, 1e-12);
	assert_near(flat_of(&table, "leaf"), 110, 1e-12);

	/* An inlined call counts at its own line and at the line of the call, which knows it. */
	assert_near(flat_of(&table, "inner"), 1, 1e-12);
	assert_near(cumulative_of(&table, "outer"), 1, 1e-12);
	assert_int_equal(table.call_count, 2);
	uint32_t *order = source_order_calls(&table), count;
	const struct source_function *middle = function_named(&table, "middle");
	uint32_t row = line_table_row(&table, middle->file, 5);
	assert_int_not_equal(row, UINT32_MAX);
	const uint32_t *calls = source_calls_of(&table, order, row, &count);
	assert_int_equal(count, 1);
	assert_string_equal(table.functions[table.calls[calls[0]].function].name, "inner");
	free(order);

	/* Flat values add up to the whole. */
	double sum = 0;
	for (uint32_t i = 0; i < table.row_count; i++)
		sum += line_value_estimate(&table.rows[i].sum.flat);
	assert_near(sum, 111, 1e-12);
	line_table_free(&table);
	inventory_free(&inventory);
	profile_maker_free(maker);
}

/* The growth of all stacks through the outermost function is the total growth, with the same interval. */
static void growth_is_that_of_the_difference(void **state)
{
	struct fixture fixture = story(GROUP_BY_STACK);
	const struct comparison *comparison = &fixture.comparison;
	struct line_table table;

	(void)state;
	line_table_of_comparison(&table, comparison, ORDER_INUSE);
	const struct interval interval = line_value_interval(&table, &table.total);
	const struct row_sums all = comparison_sums(comparison, &comparison->total);
	const struct interval whole = comparison_growth(comparison, &all);
	assert_near(interval.low, whole.low, 1e-12);
	assert_near(interval.high, whole.high, 1e-12);
	for (uint32_t i = 0; i < comparison->count; i++) {
		const struct comparison_row *row = &comparison->rows[i];
		const struct source_line *line = group_line(&comparison->groups.groups[row->group]);
		uint32_t stacks = 0;
		for (uint32_t k = 0; line && k < comparison->count; k++) {
			const struct source_line *other =
			    group_line(&comparison->groups.groups[comparison->rows[k].group]);
			stacks += other && strcmp(other->function, line->function) == 0;
		}
		if (stacks != 1) /* a function that is the place of one stack has the stack's numbers */
			continue;
		const struct line_value *flat = &function_named(&table, line->function)->sum.flat;
		const struct interval ours = line_value_interval(&table, flat);
		const struct row_sums sums = comparison_sums(comparison, row);
		const struct interval theirs = comparison_growth(comparison, &sums);
		assert_near(line_value_estimate(flat), row->growth_bytes, 1e-12);
		assert_near(ours.low, theirs.low, 1e-12);
		assert_near(ours.high, theirs.high, 1e-12);
	}
	line_table_free(&table);
	fixture_free(&fixture);
}

static void assert_refused(const char *path, const char *reason)
{
	struct source_file file;
	struct error error = {.text = ""};

	if (source_file_open(&file, path, &error) != SOURCE_REFUSED || !strstr(error.text, reason))
		fail_msg("%s: '%s' was expected, and not '%s'", path, reason, error.text);
}

static void only_text_files_called_like_sources_are_read(void **state)
{
	struct source_file file;
	struct error error;

	(void)state;
	write_source("good.c", "first\nsecond\n\nlast");
	assert_int_equal(source_file_open(&file, "good.c", &error), SOURCE_OPENED);
	const char *text;
	size_t bytes;
	assert_int_equal(file.line_count, 4);
	assert_true(source_file_line(&file, 2, &text, &bytes));
	assert_memory_equal(text, "second", bytes);
	assert_true(source_file_line(&file, 4, &text, &bytes));
	assert_int_equal(bytes, 4);
	assert_false(source_file_line(&file, 0, &text, &bytes));
	assert_false(source_file_line(&file, 5, &text, &bytes));
	source_file_free(&file);

	assert_int_equal(source_file_open(&file, "none.c", &error), SOURCE_MISSING);
	assert_int_equal(source_file_open(&file, "/proc/self/environ", &error), SOURCE_MISSING);
	assert_int_equal(source_file_open(&file, "/proc/self/root/etc/passwd", &error), SOURCE_MISSING);
	assert_refused("/etc/passwd", "name");
	assert_refused("/dev/zero", "regular");
	assert_refused(".", "regular");
	shell("mkfifo pipe.c && mkdir folder.c && ln -s /etc/passwd link.c && ln -s /proc/self/status status.c && "
	      "ln -s /dev/zero zero.c && truncate -s 1G sparse.c && printf 'a\\0b' >binary.c && printf 'a\\001b' "
	      ">control.c");
	assert_refused("pipe.c", "regular");
	assert_refused("folder.c", "regular");
	assert_refused("link.c", "name");
	assert_refused("zero.c", "regular");
	assert_refused("sparse.c", "larger");
	assert_refused("binary.c", "text");
	assert_refused("control.c", "text");
	assert_int_not_equal(source_file_open(&file, "status.c", &error), SOURCE_OPENED);
	shell("ln -s good.c short.c");
	assert_int_equal(source_file_open(&file, "short.c", &error), SOURCE_OPENED);
	source_file_free(&file);
}

static const struct source_build NO_BUILD;

static void assert_found(struct sources *sources, const char *name, const char *path)
{
	const struct source *source = sources_find(sources, name, NO_BUILD);

	if (!source->file.path || strcmp(source->file.path, path) != 0)
		fail_msg("%s: found at '%s', not at '%s' (%s)", name, source->file.path, path, source->fault);
	assert_string_equal(source->fault, "");
}

static void sources_are_found_where_they_are_now(void **state)
{
	const char *const rules[] = {"/build/shop-1.0=moved/shop", "/old/=moved", "more"};
	const struct source_search search = {.rules = rules, .rule_count = 3, .recording = "here/recording"};

	(void)state;
	shell("mkdir -p moved/shop/src more/deep here/recording && echo a >moved/shop/src/a.c && echo b >moved/b.c && "
	      "echo c >more/deep/c.c && echo d >more/d.c && echo e >here/e.c && echo f >f.c && echo g >g.c");
	struct sources *sources = sources_create(&search);
	assert_found(sources, "/build/shop-1.0/src/a.c", "moved/shop/src/a.c");
	assert_found(sources, "/build/shop-1.0/./lib/../src/a.c", "moved/shop/src/a.c");
	assert_found(sources, "/old/b.c", "moved/b.c");
	assert_found(sources, "/some/where/deep/c.c", "more/deep/c.c");
	assert_found(sources, "/some/where/d.c", "more/d.c");
	assert_found(sources, "e.c", "here/recording/../e.c");
	assert_found(sources, "f.c", "f.c");

	/* A name can't climb out of a given folder. */
	assert_string_equal(sources_find(sources, "/../../g.c", NO_BUILD)->fault, "the file is not here");
	/* FROM is a whole folder's name. */
	assert_string_equal(sources_find(sources, "/build/shop-1.01/src/a.c", NO_BUILD)->fault, "the file is not here");
	assert_ptr_equal(sources_find(sources, "/old/b.c", NO_BUILD), sources_find(sources, "/old/b.c", NO_BUILD));
	sources_free(sources);
}

static void a_file_that_was_changed_later_is_told(void **state)
{
	struct source_file file;
	struct error error;

	(void)state;
	shell("echo a >a.c && touch -d @1000 a.c && echo m >module && touch -d @2000 module");
	assert_int_equal(source_file_open(&file, "a.c", &error), SOURCE_OPENED);
	assert_false(source_is_newer(&file, "module", UINT64_C(3000000000000)));
	assert_false(source_is_newer(&file, "none", 0));
	assert_true(source_is_newer(&file, "none", UINT64_C(999000000000)));
	shell("touch -d @999 module");
	assert_true(source_is_newer(&file, "module", 0));
	source_file_free(&file);
}

static const char *shown(const char *text, size_t indent)
{
	static struct buffer out;

	out.length = 0;
	source_text_append(&out, text, strlen(text), indent);
	return out.length ? out.data : "";
}

static void lines_are_made_fit_to_show(void **state)
{
	(void)state;
	assert_string_equal(shown("\tif (x)\t/* y */  \t", 4), "if (x)  /* y */");
	assert_string_equal(shown("  x", 4), "x");
	assert_string_equal(shown("\t\tx", 4), "    x");
	assert_string_equal(shown(" \t ", 0), "");
	assert_string_equal(shown("a\033[2Jb\x07", 0), "a\xef\xbf\xbd[2Jb\xef\xbf\xbd");
	assert_string_equal(shown("a\xe2\x80\xae"
				  "b\xff",
				  0),
			    "a\xef\xbf\xbd"
			    "b\xef\xbf\xbd");
	char long_line[5000];
	memset(long_line, 'x', sizeof long_line);
	long_line[sizeof long_line - 1] = '\0';
	assert_true(strlen(shown(long_line, 0)) < SOURCE_LINE_BYTES + 8);
	assert_int_equal(source_text_indent("\t  x", 4), 6);
	assert_int_equal(source_text_indent("\t", 1), SIZE_MAX);
}

/* A view of the functions that a pattern chooses, as "name name ". */
static void assert_chosen(const struct line_table *table, struct sources *sources, const char *pattern,
			  const char *wanted)
{
	const struct source_query query = {
	    .patterns = &pattern, .pattern_count = pattern ? 1 : 0, .context = 1, .top = 10};
	struct buffer seen = {0};
	struct source_view view;

	source_view_build(&view, table, sources, &query);
	buffer_append_text(&seen, "");
	for (uint32_t i = 0; i < view.count; i++) {
		const struct view_section *section = &view.sections[i];
		buffer_printf(
		    &seen,
		    "%s:", section->function == UINT32_MAX ? section->file : table->functions[section->function].name);
		for (uint32_t k = 0; k < section->line_count; k++)
			buffer_printf(&seen, "%s%u", k ? "," : "", section->lines[k].number);
		buffer_append_byte(&seen, ' ');
	}
	assert_string_equal(seen.data ? seen.data : "", wanted);
	buffer_free(&seen);
	source_view_free(&view);
}

static void patterns_choose_functions_files_and_lines(void **state)
{
	struct profile_maker *maker = profile_maker_create("server");
	struct inventory inventory;
	struct line_table table;

	(void)state;
	write_source("source.c", "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\n");
	const char *const rules[] = {"."};
	struct sources *sources = sources_create(&(struct source_search){.rules = rules, .rule_count = 1});
	profile_maker_add(maker, "main;a;walk(int)", (struct made_values){.in_use_bytes = 100});    /* lines 1, 2, 3 */
	profile_maker_add(maker, "main;b;sleepwalk;c;d", (struct made_values){.in_use_bytes = 50}); /* 4, 5, 6, 7 */
	inventory_build(&inventory, profile_maker_profile(maker), GROUP_BY_STACK, ORDER_INUSE, UINT32_MAX);
	line_table_of_inventory(&table, &inventory, ORDER_INUSE);
	assert_chosen(&table, sources, NULL, "walk(int):2,3,4 d:6,7,8 ");
	assert_chosen(&table, sources, "walk", "walk(int):2,3,4 ");
	assert_chosen(&table, sources, "alk", "walk(int):2,3,4 sleepwalk:4,5,6 ");
	assert_chosen(&table, sources, "main", "main:1,2 ");
	assert_chosen(&table, sources, "source.c:8", "/src/source.c:7,8,9 ");
	assert_chosen(&table, sources, "src/source.c", "/src/source.c:1,2,3,4,5,6,7,8 ");
	assert_chosen(&table, sources, "rc/source.c", "");
	assert_chosen(&table, sources, "none", "");
	line_table_free(&table);
	inventory_free(&inventory);
	profile_maker_free(maker);
	sources_free(sources);
}

static bool excerpt_has(const struct source_excerpt *excerpt, uint32_t line)
{
	for (uint32_t i = 0; i < excerpt->files[0].count; i++)
		if (excerpt->files[0].numbers[i] == line)
			return true;
	return false;
}

/* A function a line, each of which holds less than the one before. */
static void assert_excerpt(uint32_t functions, uint32_t line_bytes, uint32_t carried_least, uint32_t carried_most)
{
	struct profile_maker *maker = profile_maker_create("server");
	const char *const rules[] = {"."};
	FILE *source = fopen("source.c", "w");
	char name[32];

	for (uint32_t i = 1; i <= functions; i++) {
		snprintf(name, sizeof name, "f%u", i);
		profile_maker_add(maker, name,
				  (struct made_values){.in_use_bytes = 10 * functions - i, .allocated_bytes = 1});
		fprintf(source, "%*u\n", (int)line_bytes, i);
	}
	fclose(source);
	struct source_excerpt *excerpt = source_excerpt_create(
	    profile_maker_profile(maker), &(struct source_search){.rules = rules, .rule_count = 1});
	assert_int_equal(excerpt->count, 1);
	assert_in_range(excerpt->lines, carried_least, carried_most);
	assert_int_equal(excerpt->lines, excerpt->files[0].count);
	assert_true(excerpt_has(excerpt, 1));
	assert_int_equal(excerpt_has(excerpt, functions), excerpt->left_out == 0);
	source_excerpt_free(excerpt);
	profile_maker_free(maker);
}

static void a_page_carries_the_lines_that_hold_most(void **state)
{
	(void)state;
	assert_excerpt(100, 20, 100, 100);
	assert_excerpt(3000, 20, EXCERPT_LINES - 20, EXCERPT_LINES);
	assert_excerpt(3000, 300, EXCERPT_BYTES / 310, EXCERPT_BYTES / 290);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_line_counts_each_stack_once),
	    cmocka_unit_test(growth_is_that_of_the_difference),
	    cmocka_unit_test_setup_teardown(only_text_files_called_like_sources_are_read, scratch_enter, scratch_leave),
	    cmocka_unit_test_setup_teardown(sources_are_found_where_they_are_now, scratch_enter, scratch_leave),
	    cmocka_unit_test_setup_teardown(a_file_that_was_changed_later_is_told, scratch_enter, scratch_leave),
	    cmocka_unit_test(lines_are_made_fit_to_show),
	    cmocka_unit_test_setup_teardown(a_page_carries_the_lines_that_hold_most, scratch_enter, scratch_leave),
	    cmocka_unit_test_setup_teardown(patterns_choose_functions_files_and_lines, scratch_enter, scratch_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
