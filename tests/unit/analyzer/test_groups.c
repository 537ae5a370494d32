/* SPDX-License-Identifier: Apache-2.0 */
/* Which stacks form one row, at one moment and at two. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "render/text/alike.h"
#include "compare/inventory.h"
#include "render/text/stack_text.h"
#include "statistics/measure.h"
#include "support/profile_maker.h"
#include "support/story_comparison.h"

/* Three stacks through code that was made at run time; the first two differ by where it was and how well it was
 * compiled. */
static void made_code_is_the_same_at_other_addresses(void **state)
{
	struct source_line lines[] = {
	    {"node::Allocate", "node.cc", 7, false, 0},
	    {"LazyCompile:~f a.js:1", NULL, 0, false, 0},
	    {"LazyCompile:*f a.js:1", NULL, 0, false, 0},
	    {"LazyCompile:~g a.js:9", NULL, 0, false, 0},
	    {"0x3000", NULL, 0, false, 0},
	    {"0x4000", NULL, 0, false, 0},
	};
	struct profile_location locations[6];
	/* callers first: 4 1 0, 4 5 2 0, 4 3 0; then 1, 2 and 3 alone */
	struct profile_node nodes[] = {{0, 0}, {0, 4}, {1, 1}, {2, 0}, {1, 5}, {4, 2},
				       {5, 0}, {1, 3}, {7, 0}, {0, 1}, {0, 2}, {0, 3}};
	struct profile_module modules[] = {{.path = ""}, {.path = "/usr/bin/node"}};
	struct profile_site sites[] = {
	    {.key = 1, .node = 3, .depth = 3}, {.key = 2, .node = 6, .depth = 4}, {.key = 3, .node = 8, .depth = 3}};
	struct profile profile = {.modules = modules,
				  .module_count = 2,
				  .locations = locations,
				  .location_count = 6,
				  .nodes = nodes,
				  .node_count = 12,
				  .sites = sites,
				  .site_count = 3};
	struct group_table table;

	(void)state;
	for (uint32_t i = 0; i < 6; i++)
		locations[i] = (struct profile_location){
		    .module = i == 0, .line_count = 1, .lines = &lines[i], .address = 0x1000 * (i + 1)};
	group_table_init(&table, GROUP_BY_STACK);
	uint32_t *groups = group_table_add(&table, &profile);
	assert_int_equal(groups[0], groups[1]);
	assert_int_not_equal(groups[0], groups[2]);
	assert_int_equal(table.groups[groups[0]].site_count, 2);
	free(groups);
	group_table_free(&table);

	/* By place it is only the function, however well it was compiled. */
	sites[0].node = 9, sites[1].node = 10, sites[2].node = 11;
	sites[0].depth = sites[1].depth = sites[2].depth = 1;
	group_table_init(&table, GROUP_BY_PLACE);
	groups = group_table_add(&table, &profile);
	assert_int_equal(groups[0], groups[1]);
	assert_int_not_equal(groups[0], groups[2]);
	free(groups);
	group_table_free(&table);
}

/* The output of `group_write_name()` and `group_write_callers()` for some stacks. */
static void stacks_write(struct buffer *texts, const char *const *stacks, uint32_t count)
{
	struct profile_maker *maker = profile_maker_create("server");
	struct group_table table;

	for (uint32_t i = 0; i < count; i++)
		profile_maker_add(maker, stacks[i], (struct made_values){4096, 1, 4096, 1})->key = i + 1;
	group_table_init(&table, GROUP_BY_STACK);
	free(group_table_add(&table, profile_maker_profile(maker)));
	assert_int_equal(table.count, count);
	rows_tell_apart(&table);
	for (uint32_t i = 0; i < count; i++) {
		struct text_page page = {.out = &texts[i], .columns = 80};
		group_write_name(&page, &table.groups[i], GROUP_BY_STACK, 4, 4);
		group_write_callers(&page, &table.groups[i], GROUP_BY_STACK, 0, 4, 3);
	}
	group_table_free(&table);
	profile_maker_free(maker);
}

static void stacks_that_read_alike_are_printed_until_they_differ(void **state)
{
	static const char *const stacks[] = {
	    "main;serve;step@/lib/libdb.so;insert@/lib/libdb.so;grow@/lib/libdb.so",
	    "main;serve;step@/lib/libdb.so;erase@/lib/libdb.so;grow@/lib/libdb.so",
	    "main;first;a;b;c;d;serve;step@/lib/libdb.so;erase@/lib/libdb.so;grow@/lib/libdb.so",
	    "main;second;a;b;c;d;serve;step@/lib/libdb.so;erase@/lib/libdb.so;grow@/lib/libdb.so",
	    "main;serve;alone@/lib/libdb.so;deep@/lib/libdb.so;down@/lib/libdb.so",
	};
	struct buffer texts[5] = {0};

	(void)state;
	stacks_write(texts, stacks, 5);
	for (int i = 0; i < 5; i++)
		for (int k = 0; k < i; k++)
			assert_string_not_equal(texts[i].data, texts[k].data);
	assert_non_null(strstr(texts[0].data, "-> insert"));
	assert_non_null(strstr(texts[3].data, "<- second"));
	assert_null(strstr(texts[4].data, "deep")); /* no other one is like it */
	for (int i = 0; i < 5; i++)
		buffer_free(&texts[i]);
}

static void groups_add_up_to_the_same_total(void **state)
{
	struct fixture by_site = story(GROUP_BY_STACK);

	(void)state;
	for (enum group_by by = GROUP_BY_FUNCTION; by < GROUP_BY_COUNT; by++) {
		struct fixture fixture = story(by);
		assert_near(fixture.comparison.total.growth_bytes, by_site.comparison.total.growth_bytes, 1e-12);
		double growth = 0;
		for (uint32_t i = 0; i < fixture.comparison.count; i++)
			growth += fixture.comparison.rows[i].growth_bytes;
		assert_near(growth, by_site.comparison.total.growth_bytes, 1e-9);
		fixture_free(&fixture);
	}
	struct fixture by_module = story(GROUP_BY_MODULE);
	assert_int_equal(by_module.comparison.count, 3); /* server, plugin, no stack */
	fixture_free(&by_module);
	fixture_free(&by_site);
}

/* The same function at another address, as after a rebuild: another site, the same function and line. */
static void functions_are_found_again_at_other_addresses(void **state)
{
	struct profile *before = story_profile(STORY_AFTER);
	struct profile *after = story_profile_of_another_process();

	(void)state;
	for (uint32_t i = 0; i < after->site_count; i++)
		after->sites[i].key ^= 0x5555;
	struct fixture sites = fixture_of(before, after, GROUP_BY_STACK);
	assert_int_equal(sites.comparison.count, 2 * before->site_count);
	comparison_free(&sites.comparison);
	for (enum group_by by = GROUP_BY_FUNCTION; by <= GROUP_BY_LINE; by++) {
		comparison_build(&sites.comparison, before, after, by);
		assert_int_equal(sites.comparison.count, before->site_count);
		comparison_free(&sites.comparison);
	}
	profile_free(before);
	profile_free(after);
}

static void inventory_is_ordered_as_asked(void **state)
{
	struct profile *profile = story_profile(STORY_AFTER);

	(void)state;
	for (enum inventory_order order = ORDER_INUSE; order < ORDER_COUNT; order++) {
		struct inventory inventory;
		inventory_build(&inventory, profile, GROUP_BY_STACK, order, UINT32_MAX);
		for (uint32_t i = 1; i < inventory.count; i++)
			assert_true(inventory_row_value(&inventory.rows[i - 1], order) >=
				    inventory_row_value(&inventory.rows[i], order));
		assert_string_equal(inventory_order_names[order], inventory_order_name(order));
		inventory_free(&inventory);
	}
	profile_free(profile);
}

static void inventory_adds_up_and_covers_its_estimates(void **state)
{
	struct profile *profile = story_profile(STORY_AFTER);
	struct inventory inventory;
	struct profile_totals totals;
	double in_use = 0;

	(void)state;
	inventory_build(&inventory, profile, GROUP_BY_STACK, ORDER_INUSE, UINT32_MAX);
	profile_totals(profile, &totals);
	for (uint32_t i = 0; i < inventory.count; i++) {
		const struct inventory_row *row = &inventory.rows[i];
		in_use += sum_estimate(&row->in_use.bytes);
		const struct interval interval = inventory_in_use(&inventory, row);
		assert_true(interval.low <= sum_estimate(&row->in_use.bytes));
		assert_true(interval.high >= sum_estimate(&row->in_use.bytes));
	}
	assert_near(sum_estimate(&inventory.total.in_use.bytes), in_use, 1e-12);
	assert_near(sum_estimate(&totals.in_use.bytes), in_use, 1e-12);
	inventory_free(&inventory);
	profile_free(profile);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(made_code_is_the_same_at_other_addresses),
	    cmocka_unit_test(stacks_that_read_alike_are_printed_until_they_differ),
	    cmocka_unit_test(groups_add_up_to_the_same_total),
	    cmocka_unit_test(functions_are_found_again_at_other_addresses),
	    cmocka_unit_test(inventory_is_ordered_as_asked),
	    cmocka_unit_test(inventory_adds_up_and_covers_its_estimates),
	};
	return cmocka_run_group_tests_name("groups", tests, NULL, NULL);
}
