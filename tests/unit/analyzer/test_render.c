/* SPDX-License-Identifier: Apache-2.0 */
/* The printed page: whole reports and diffs of the server's story against golden texts, at several widths. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/memory.h"
#include "compare/comparison.h"
#include "compare/inventory.h"
#include "render/json/documents.h"
#include "render/text/documents.h"
#include "support/golden.h"
#include "support/profile_maker.h"
#include "support/server_story.h"

static struct buffer report(const struct profile *profile, enum group_by by, enum inventory_order order,
			    unsigned columns, uint32_t top)
{
	struct buffer out = {0};
	struct text_page page = {.out = &out, .columns = columns};
	struct inventory inventory;

	inventory_build(&inventory, profile, by, order, top);
	report_text_render(&page, &inventory);
	inventory_free(&inventory);
	assert_columns(&out, columns);
	return out;
}

static void check_report(const char *golden, enum group_by by, enum inventory_order order, unsigned columns,
			 uint32_t top)
{
	struct profile *profile = story_profile(STORY_AFTER);
	struct buffer out = report(profile, by, order, columns, top);

	assert_golden(golden, &out);
	buffer_free(&out);
	profile_free(profile);
}

static void check_diff(const char *golden, struct profile *before, struct profile *after, enum group_by by,
		       unsigned columns, uint32_t top)
{
	struct buffer out = {0};
	struct text_page page = {.out = &out, .columns = columns};
	struct comparison comparison;

	comparison_build(&comparison, before, after, by);
	diff_text_render(&page, &comparison, top);
	comparison_free(&comparison);
	assert_columns(&out, columns);
	assert_golden(golden, &out);
	buffer_free(&out);
	profile_free(before);
	profile_free(after);
}

static void report_reads_well_at_80_columns(void **state)
{
	(void)state;
	check_report("report_80.txt", GROUP_BY_STACK, ORDER_INUSE, 80, 10);
}

static void report_uses_a_wider_page(void **state)
{
	(void)state;
	check_report("report_132.txt", GROUP_BY_STACK, ORDER_INUSE, 132, 3);
}

static void report_groups_and_orders(void **state)
{
	(void)state;
	check_report("report_by_function.txt", GROUP_BY_FUNCTION, ORDER_ALLOCATED, 80, 10);
	check_report("report_by_line.txt", GROUP_BY_LINE, ORDER_OBJECTS, 80, 10);
	check_report("report_by_module.txt", GROUP_BY_MODULE, ORDER_ALLOCATIONS, 80, 10);
}

static void report_notes_what_one_must_know(void **state)
{
	struct profile *profile = story_profile(STORY_AFTER);

	(void)state;
	profile->status = SEEP_STATUS_VALGRIND | SEEP_STATUS_ANONYMOUS | SEEP_STATUS_FORKED | SEEP_STATUS_BYPASSED |
			  SEEP_STATUS_POOLS | SEEP_STATUS_NO_UNWINDER;
	profile->flags = SEEP_SNAPSHOT_LOWER_BOUND | SEEP_SNAPSHOT_DOUBTED;
	profile->bypassed = "/usr/bin/server";
	profile->losses[SEEP_LOSS_LIVE_FULL] = 1234;
	profile->losses[SEEP_LOSS_SAMPLES_REENTRY] = 1;
	struct buffer out = report(profile, GROUP_BY_STACK, ORDER_INUSE, 80, 1);
	assert_golden("report_notes.txt", &out);
	buffer_free(&out);
	profile_free(profile);
}

/* An import: no rate, no process, no times, no samples. */
static void make_foreign(struct profile *profile)
{
	profile->rate = profile->pid = profile->start_ticks = profile->number = profile->time_ns = profile->start_ns =
	    0;
	profile->memory_known = 0;
	profile->has_samples = false;
	profile->sample_count = 0;
	profile->command = profile->arguments = profile->executable = profile->allocator = "";
}

static void report_without_a_rate_has_no_intervals(void **state)
{
	struct profile *profile = story_profile(STORY_AFTER);

	(void)state;
	make_foreign(profile);
	struct buffer out = report(profile, GROUP_BY_STACK, ORDER_INUSE, 80, 3);
	assert_golden("report_no_rate.txt", &out);
	buffer_free(&out);
	profile_free(profile);
}

/* The stacks that ask most of the row: recursion, a wrapper at the leaf, nothing but library, no main, only main. */
static void report_tells_stacks_by_what_matters(void **state)
{
	static const struct address_name names[] = {
	    {"/usr/bin/server", 1, "parse_value", "/src/json.c", 10},
	    {"/usr/bin/server", 2, "parse_list", "/src/json.c", 20},
	    {"/usr/bin/server", 3, "main", "/src/main.c", 5},
	    {"/usr/bin/server", 4, "zmalloc_usable", NULL, 0},
	    {"/usr/bin/server", 5, "sdsnewlen", NULL, 0},
	    {"/usr/lib/libstdc++.so.6", 6, "execute_native_thread_routine", NULL, 0},
	    {"/usr/lib/libc.so.6", 7, "start_thread", NULL, 0},
	    {"/usr/bin/server", 8, "std::locale::locale()", "/usr/include/c++/12/locale", 3},
	};
	struct snapshot_maker *maker = snapshot_maker_create(STORY_RATE);
	const uint32_t server = snapshot_maker_add_module(maker, "/usr/bin/server", NULL);
	const uint32_t cxx = snapshot_maker_add_module(maker, "/usr/lib/libstdc++.so.6", NULL);
	const uint32_t libc = snapshot_maker_add_module(maker, "/usr/lib/libc.so.6", NULL);
	const struct maker_frame recursion[] = {{server, 1}, {server, 2}, {server, 2},
						{server, 2}, {server, 1}, {server, 3}};
	const struct maker_frame wrapper[] = {{server, 4}, {server, 5}, {server, 3}, {libc, 7}};
	const struct maker_frame library[] = {{server, 8}, {cxx, 6}, {libc, 7}};
	const struct maker_frame alone[] = {{server, 3}};

	(void)state;
	snapshot_maker_module(maker, server)->flags = SEEP_MODULE_EXECUTABLE;
	snapshot_maker_allocate(maker, snapshot_maker_add_site(maker, recursion, 6), 1000, 64, 40);
	snapshot_maker_allocate(maker, snapshot_maker_add_site(maker, wrapper, 4), 1000, 64, 30);
	snapshot_maker_allocate(maker, snapshot_maker_add_site(maker, library, 3), 1000, 64, 20);
	snapshot_maker_allocate(maker, snapshot_maker_add_site(maker, alone, 1), 1000, 64, 10);
	snapshot_maker_header(maker)->trigger = SEEP_TRIGGER_EXIT;
	snapshot_maker_add_memory(maker, SEEP_MEMORY_IN_USE_PEAK, 900000000);
	struct profile *profile = named_profile(maker, "made.seep", names, sizeof names / sizeof *names);
	struct buffer out = report(profile, GROUP_BY_STACK, ORDER_INUSE, 80, 10);
	assert_golden("report_stacks.txt", &out);
	buffer_free(&out);
	profile_free(profile);
	snapshot_maker_free(maker);
}

static void report_of_an_empty_profile_is_no_error(void **state)
{
	struct profile *profile = story_profile(STORY_BEFORE);

	(void)state;
	profile->site_count = profile->sample_count = 0;
	struct buffer out = report(profile, GROUP_BY_STACK, ORDER_INUSE, 80, 3);
	assert_golden("report_empty.txt", &out);
	buffer_free(&out);
	profile_free(profile);
}

static void diff_reads_well_at_80_columns(void **state)
{
	(void)state;
	check_diff("diff_80.txt", story_profile(STORY_BEFORE), story_profile(STORY_AFTER), GROUP_BY_STACK, 80, 0);
}

static void diff_uses_a_wider_page(void **state)
{
	(void)state;
	check_diff("diff_132.txt", story_profile(STORY_BEFORE), story_profile(STORY_AFTER), GROUP_BY_STACK, 132, 0);
}

static void diff_groups_by_module_and_function(void **state)
{
	(void)state;
	check_diff("diff_by_module.txt", story_profile(STORY_BEFORE), story_profile(STORY_AFTER), GROUP_BY_MODULE, 80,
		   1);
	check_diff("diff_by_function.txt", story_profile(STORY_BEFORE), story_profile(STORY_AFTER), GROUP_BY_FUNCTION,
		   80, 1);
}

static void diff_of_two_processes_says_so(void **state)
{
	(void)state;
	check_diff("diff_two_processes.txt", story_profile(STORY_AFTER), story_profile_of_another_process(),
		   GROUP_BY_STACK, 80, 2);
}

static void diff_of_one_snapshot_with_itself_finds_nothing(void **state)
{
	(void)state;
	check_diff("diff_nothing.txt", story_profile(STORY_AFTER), story_profile(STORY_AFTER), GROUP_BY_STACK, 80, 0);
}

static void diff_without_a_rate_judges_nothing(void **state)
{
	struct profile *before = story_profile(STORY_BEFORE);
	struct profile *after = story_profile(STORY_AFTER);

	(void)state;
	make_foreign(before);
	make_foreign(after);
	check_diff("diff_no_rate.txt", before, after, GROUP_BY_STACK, 80, 4);
}

static void colours_surround_and_change_nothing_else(void **state)
{
	struct profile *before = story_profile(STORY_BEFORE);
	struct profile *after = story_profile(STORY_AFTER);
	struct buffer plain = {0}, colored = {0}, stripped = {0};
	struct comparison comparison;

	(void)state;
	comparison_build(&comparison, before, after, GROUP_BY_STACK);
	diff_text_render(&(struct text_page){.out = &plain, .columns = 80}, &comparison, 0);
	diff_text_render(&(struct text_page){.out = &colored, .columns = 80, .colored = true}, &comparison, 0);
	for (const char *at = colored.data; *at;) {
		if (*at == '\033')
			at += strcspn(at, "m") + 1;
		else
			buffer_append_byte(&stripped, *at++);
	}
	assert_string_equal(stripped.data, plain.data);
	assert_non_null(strstr(colored.data, "\033[31m"));
	buffer_free(&plain);
	buffer_free(&colored);
	buffer_free(&stripped);
	comparison_free(&comparison);
	profile_free(before);
	profile_free(after);
}

static void json_is_as_the_schemas_say(void **state)
{
	struct profile *before = story_profile(STORY_BEFORE);
	struct profile *after = story_profile(STORY_AFTER);
	struct buffer out = {0};
	struct inventory inventory;
	struct comparison comparison;

	(void)state;
	inventory_build(&inventory, after, GROUP_BY_STACK, ORDER_INUSE, UINT32_MAX);
	report_json_render(&out, &inventory, NULL);
	assert_golden("report.json", &out);
	out.length = 0;
	comparison_build(&comparison, before, after, GROUP_BY_STACK);
	diff_json_render(&out, &comparison, UINT32_MAX);
	assert_golden("diff.json", &out);
	comparison_free(&comparison);
	inventory_free(&inventory);
	out.length = 0;
	make_foreign(before);
	make_foreign(after);
	comparison_build(&comparison, before, after, GROUP_BY_FUNCTION);
	diff_json_render(&out, &comparison, 2);
	assert_golden("diff_no_rate.json", &out);
	comparison_free(&comparison);
	out.length = 0;
	modules_json_render(&out, after);
	assert_golden("modules.json", &out);
	buffer_free(&out);
	profile_free(before);
	profile_free(after);
}

/* Lets stacks share the nodes of what they have in common, as those of a snapshot do. */
static void nodes_share(struct profile *profile)
{
	struct numbering known = {0};
	uint32_t *first = memory_allocate(profile->node_count, sizeof *first);
	uint32_t *kept = memory_allocate(profile->node_count, sizeof *kept);
	bool is_new;

	for (uint32_t node = 1; node < profile->node_count; node++) {
		struct profile_node *at = &profile->nodes[node];
		at->parent = kept[at->parent];
		const uint32_t number = numbering_put(&known, (uint64_t)at->parent << 32 | (at->location + 1), &is_new);
		first[number] = is_new ? node : first[number];
		kept[node] = first[number];
	}
	for (uint32_t i = 0; i < profile->site_count; i++)
		profile->sites[i].node = kept[profile->sites[i].node];
	numbering_free(&known);
	free(first);
	free(kept);
}

/* Many stacks with outer frames in common, inlined calls among them, of depths on both sides of what is kept. */
static struct profile_maker *make_relatives(void)
{
	struct profile_maker *maker = profile_maker_create("server");
	char stack[4096];

	for (int site = 0; site < 300; site++) {
		strcpy(stack, "main");
		for (int depth = 1; depth < 5 + site % 71; depth++)
			snprintf(stack + strlen(stack), sizeof stack - strlen(stack), "%sf%d_%d",
				 depth % 7 == 3 ? "=>" : ";", depth, depth < 20 ? site % 2 : site % 16);
		profile_maker_add(maker, stack, made_bytes(1000 + site));
	}
	nodes_share(profile_maker_profile(maker));
	return maker;
}

/* What many stacks share is written once and copied: each must be what it is in a document of its own. */
static void json_has_each_stack_as_if_it_were_alone(void **state)
{
	(void)state;
	struct profile_maker *maker = make_relatives();
	struct inventory all;
	struct buffer out = {0}, alone = {0};
	char *place;

	inventory_build(&all, profile_maker_profile(maker), GROUP_BY_STACK, ORDER_INUSE, UINT32_MAX);
	report_json_render(&out, &all, NULL);
	strtok_r(out.data, "\n", &place);
	for (uint32_t i = 0; i < all.row_count; i++) {
		struct inventory one = all;
		const char *site = strtok_r(NULL, "\n", &place);
		one.rows = &all.rows[i];
		one.row_count = 1;
		alone.length = 0;
		report_json_render(&alone, &one, NULL);
		const char *expected = strchr(alone.data, '\n') + 1;
		assert_non_null(site);
		site += *site == ',';
		assert_memory_equal(site, expected, strlen(expected) - strlen("]}\n"));
	}
	inventory_free(&all);
	buffer_free(&out);
	buffer_free(&alone);
	profile_maker_free(maker);
}

static void modules_say_what_was_found(void **state)
{
	struct profile *profile = story_profile(STORY_AFTER);
	struct buffer out = {0};
	struct text_page page = {.out = &out, .columns = 80};

	(void)state;
	profile->modules[1].symbols = "symbol table and lines of /usr/lib/debug/server.debug";
	profile->modules[3].symbols = "none: stripped, and no build id to look for its debug file";
	modules_text_render(&page, profile);
	assert_golden("modules.txt", &out);
	buffer_free(&out);
	profile_free(profile);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(report_reads_well_at_80_columns),
	    cmocka_unit_test(report_uses_a_wider_page),
	    cmocka_unit_test(report_groups_and_orders),
	    cmocka_unit_test(report_notes_what_one_must_know),
	    cmocka_unit_test(report_without_a_rate_has_no_intervals),
	    cmocka_unit_test(report_tells_stacks_by_what_matters),
	    cmocka_unit_test(report_of_an_empty_profile_is_no_error),
	    cmocka_unit_test(diff_reads_well_at_80_columns),
	    cmocka_unit_test(diff_uses_a_wider_page),
	    cmocka_unit_test(diff_groups_by_module_and_function),
	    cmocka_unit_test(diff_of_two_processes_says_so),
	    cmocka_unit_test(diff_of_one_snapshot_with_itself_finds_nothing),
	    cmocka_unit_test(diff_without_a_rate_judges_nothing),
	    cmocka_unit_test(colours_surround_and_change_nothing_else),
	    cmocka_unit_test(json_is_as_the_schemas_say),
	    cmocka_unit_test(json_has_each_stack_as_if_it_were_alone),
	    cmocka_unit_test(modules_say_what_was_found),
	};
	return cmocka_run_group_tests_name("render", tests, NULL, NULL);
}
