/* SPDX-License-Identifier: Apache-2.0 */
/* What two builds have in common: names without the compilers' additions, and functions that were renamed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <stdlib.h>

#include "compare/group.h"
#include "place/stable_name.h"
#include "statistics/measure.h"
#include "support/profile_maker.h"

#define RATE (512 * 1024)

static void a_name_is_kept_without_what_compilers_add(void **state)
{
	static const char *const names[][2] = {
	    {"parse", "parse"},
	    {"parse.part.0", "parse"},
	    {"parse.cold", "parse"},
	    {"parse.isra.0.constprop.1", "parse"},
	    {"parse.lto_priv.0", "parse"},
	    {"parse.llvm.1234567890", "parse"},
	    {"svc::parse(int) [clone .cold]", "svc::parse(int)"},
	    {"main::{lambda(int)#2}::operator()(int) const", "main::{lambda(int)#}::operator()(int) const"},
	    {"main::$_1::operator()(int) const", "main::$_::operator()(int) const"},
	    {"app::run::{closure#0}", "app::run::{closure#}"},
	    {"app::run::h0123456789abcdef", "app::run"},
	    {"app::run::h0123456789abcdef.llvm.77", "app::run"},
	    {"app::run::h0123456789abcde", "app::run::h0123456789abcde"},
	    {"main.handle.func1", "main.handle.func1"},
	    {".cold", ".cold"},
	    {"operator#", "operator#"},
	    {"", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct buffer out = {0};
		buffer_append_text(&out, "");
		stable_name_append(&out, names[i][0]);
		assert_string_equal(out.data, names[i][1]);
		buffer_free(&out);
	}
}

static void a_family_has_no_arguments(void **state)
{
	static const char *const names[][2] = {
	    {"parse.part.0", "parse"},
	    {"int Cache<int, 4>::get<char>(int) const", "Cache::get const"},
	    {"operator<< <char>(std::ostream&, char)", "operator<< "},
	    {"main::{lambda(int)#2}::operator()(int) const", "main::{lambda(int)#}::operator() const"},
	    {"<app::Heap as app::Store>::put::h0123456789abcdef", "<app::Heap as app::Store>::put"},
	    {"", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct buffer out = {0};
		buffer_append_text(&out, "");
		family_name_append(&out, names[i][0]);
		assert_string_equal(out.data, names[i][1]);
		buffer_free(&out);
	}
}

struct made {
	const char *stack;
	int samples;
};

static struct profile_maker *make(const struct made *sites, uint8_t build, uint32_t line)
{
	struct profile_maker *maker = profile_maker_create("server");

	for (; sites->stack; sites++) {
		struct profile_site *site = profile_maker_add(maker, sites->stack, (struct made_values){0});
		for (int i = 0; i < sites->samples; i++)
			measure_add_sample(&site->allocated, 64, RATE);
		site->key += line; /* addresses are others */
	}
	struct profile *profile = profile_maker_profile(maker);
	profile->modules[1].build_id[0] = build;
	profile->modules[1].build_id_bytes = 20;
	for (uint32_t i = 0; i < profile->location_count; i++)
		for (uint32_t k = 0; k < profile->locations[i].line_count; k++)
			profile->locations[i].lines[k].line += line;
	return maker;
}

/* How many groups two builds have together, and the former name of the group of the later one's first site. */
static uint32_t groups_of(const struct made *later, const struct made *earlier, enum group_by by, uint8_t build,
			  const char **was)
{
	static char name[64]; /* the profile's own goes with it */
	struct profile_maker *makers[2] = {make(later, build, 500), make(earlier, 1, 0)};
	struct group_table table;

	group_table_init(&table, by);
	rebuilt_add(&table.rebuilt, profile_maker_profile(makers[0]), profile_maker_profile(makers[1]));
	uint32_t *first = group_table_add(&table, profile_maker_profile(makers[0]));
	uint32_t *second = group_table_add(&table, profile_maker_profile(makers[1]));
	const uint32_t count = table.count;
	if (was) {
		const char *former = table.groups[first[0]].was;
		snprintf(name, sizeof name, "%s", former ? former : "");
		*was = former ? name : NULL;
	}
	free(first);
	free(second);
	group_table_free(&table);
	profile_maker_free(makers[0]);
	profile_maker_free(makers[1]);
	return count;
}

static const struct made usual[] = {{"main;serve;parse", 40}, {"main;serve;render", 9}, {"main;log", 3}, {NULL, 0}};
static const struct made cloned[] = {
    {"main;serve.constprop.0;parse.part.0", 40}, {"main;serve;render", 9}, {"main;log.cold", 3}, {NULL, 0}};
static const struct made renamed[] = {{"main;serve;scan", 45}, {"main;serve;render", 9}, {"main;log", 3}, {NULL, 0}};
static const struct made between[] = {{"main;answer;parse", 40}, {"main;answer;render", 9}, {"main;log", 3}, {NULL, 0}};
static const struct made another[] = {{"main;serve;scan", 400}, {"main;serve;render", 9}, {"main;log", 3}, {NULL, 0}};
static const struct made two[] = {
    {"main;serve;scan", 45}, {"main;serve;skip", 30}, {"main;serve;render", 9}, {"main;log", 3}, {NULL, 0}};

static const struct made typed[] = {
    {"main;int Cache<int, 4>::get<char>(int) const;std::vector<int>::grow(int)", 40}, {"main;log", 3}, {NULL, 0}};
static const struct made retyped[] = {
    {"main;long Cache<long, 8>::get<char>(long) const;std::vector<long>::grow(long)", 45}, {"main;log", 3}, {NULL, 0}};
static const struct made both_typed[] = {{"main;Cache<long>::get(long);std::vector<long>::grow(long)", 45},
					 {"main;Cache<short>::get(short);std::vector<short>::grow(short)", 45},
					 {"main;log", 3},
					 {NULL, 0}};
static const struct made rare[] = {{"main;serve;scan", 12}, {"main;serve;render", 9}, {"main;log", 3}, {NULL, 0}};
static const struct made rarer[] = {{"main;serve;parse", 4}, {"main;serve;render", 9}, {"main;log", 3}, {NULL, 0}};

static void another_build_has_the_same_groups(void **state)
{
	static const enum group_by kinds[] = {GROUP_BY_PLACE, GROUP_BY_FUNCTION, GROUP_BY_STACK};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(groups_of(usual, usual, kinds[i], 2, NULL), 3);
		assert_int_equal(groups_of(cloned, usual, kinds[i], 2, NULL), 3);
	}
	/* Within one build lines and addresses count: 500 lines on is another place. */
	assert_int_equal(groups_of(usual, usual, GROUP_BY_PLACE, 1, NULL), 6);
}

static void what_was_renamed_is_found_by_its_neighbours(void **state)
{
	const char *was = NULL;

	(void)state;
	assert_int_equal(groups_of(renamed, usual, GROUP_BY_PLACE, 2, &was), 3);
	assert_string_equal(was, "parse");
	assert_int_equal(groups_of(renamed, usual, GROUP_BY_STACK, 2, &was), 3);
	assert_int_equal(groups_of(between, usual, GROUP_BY_STACK, 2, &was), 3);
	assert_null(was); /* the place is the same, a caller is not */
}

/* The whole stack is matched, although no call in a row of two has its old name. */
static void template_arguments_may_change(void **state)
{
	const char *was = NULL;

	(void)state;
	assert_int_equal(groups_of(retyped, typed, GROUP_BY_STACK, 2, NULL), 2);
	assert_int_equal(groups_of(retyped, typed, GROUP_BY_FUNCTION, 2, &was), 2);
	assert_string_equal(was, "int Cache<int, 4>::get<char>(int) const");
	assert_int_equal(groups_of(both_typed, typed, GROUP_BY_FUNCTION, 2, &was), 4); /* either may be it */
	assert_null(was);
}

static void few_samples_differ_by_chance(void **state)
{
	const char *was = NULL;

	(void)state;
	assert_int_equal(groups_of(rare, rarer, GROUP_BY_PLACE, 2, &was), 3);
	assert_string_equal(was, "parse");
}

static void what_may_be_another_is_not_taken_for_it(void **state)
{
	const char *was = NULL;

	(void)state;
	assert_int_equal(groups_of(another, usual, GROUP_BY_PLACE, 2, &was), 4); /* ten times as much */
	assert_null(was);
	assert_int_equal(groups_of(two, usual, GROUP_BY_PLACE, 2, &was), 5); /* either may be it */
	assert_null(was);
	assert_int_equal(groups_of(renamed, usual, GROUP_BY_PLACE, 1, &was), 6); /* it is the same build */
}

/* How many places two processes have together that keep memory in one function, of this and of another program. */
static uint32_t places_of_sum(const char *other_stack, uint32_t parts)
{
	struct profile_maker *maker = profile_maker_create("server");
	struct group_table table;

	profile_maker_add(maker, "main;keep", (struct made_values){0});
	profile_maker_add(maker, other_stack, (struct made_values){0})->key++;
	struct profile *sum = profile_maker_profile(maker);
	sum->part_count = parts;
	sum->modules[2].flags = SEEP_MODULE_EXECUTABLE;
	for (uint32_t i = 1; i <= 2; i++) {
		sum->modules[i].build_id[0] = (uint8_t)i;
		sum->modules[i].build_id_bytes = 20;
	}
	for (uint32_t i = 0; i < sum->location_count; i++)
		sum->locations[i].lines->line += sum->locations[i].module == 2 ? 500 : 0;
	group_table_init(&table, GROUP_BY_PLACE);
	free(group_table_add(&table, sum));
	const uint32_t count = table.count;
	assert_int_equal(table.groups[0].site_count, 1);
	assert_int_equal(table.groups[0].first_line, table.groups[0].last_line);
	group_table_free(&table);
	profile_maker_free(maker);
	return count;
}

static void two_builds_in_one_sum_have_the_same_places(void **state)
{
	(void)state;
	assert_int_equal(places_of_sum("main@/opt/2/server;keep@/opt/2/server", 2), 1);
	assert_int_equal(places_of_sum("main@/opt/2/client;keep@/opt/2/client", 2), 2);
	assert_int_equal(places_of_sum("main@/opt/2/server;keep@/opt/2/server", 0), 2); /* a plugin of one process */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_name_is_kept_without_what_compilers_add),
	    cmocka_unit_test(a_family_has_no_arguments),
	    cmocka_unit_test(another_build_has_the_same_groups),
	    cmocka_unit_test(what_was_renamed_is_found_by_its_neighbours),
	    cmocka_unit_test(template_arguments_may_change),
	    cmocka_unit_test(few_samples_differ_by_chance),
	    cmocka_unit_test(two_builds_in_one_sum_have_the_same_places),
	    cmocka_unit_test(what_may_be_another_is_not_taken_for_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
