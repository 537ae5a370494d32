/* SPDX-License-Identifier: Apache-2.0 */
/* The pieces of the screen: the line of bars, and a place within a number of columns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "render/screen/spark.h"
#include "render/text/place_text.h"
#include "render/words/leak_sentence.h"
#include "support/profile_maker.h"

static void assert_spark(const uint64_t *times, const double *values, size_t count, const char *expected)
{
	struct buffer out = {0};

	spark_append(&out, times, values, count, 4);
	assert_string_equal(out.data ? out.data : "", expected);
	buffer_free(&out);
}

static void bars_are_at_even_steps_of_time(void **state)
{
	(void)state;
	assert_spark((uint64_t[]){0, 1, 2, 3, 4}, (double[]){0, 1, 2, 3, 4}, 5, "▃▅▇█");
	assert_spark((uint64_t[]){0, 1, 100}, (double[]){1, 4, 2}, 3, "███▅"); /* the last known goes on */
	assert_spark((uint64_t[]){5}, (double[]){3}, 1, "████");
	assert_spark((uint64_t[]){0, 1}, (double[]){0, 0}, 2, "");
	assert_spark(NULL, NULL, 0, "");
}

/* The text of the only place of the given stacks. */
static char *place_in(const char *const *stacks, size_t count, unsigned columns, bool callers, unsigned row_columns)
{
	struct profile_maker *maker = profile_maker_create("server");
	struct group_table table;
	struct buffer out = {0};

	for (size_t i = 0; i < count; i++)
		profile_maker_add(maker, stacks[i], (struct made_values){100, 1, 100, 1});
	group_table_init(&table, GROUP_BY_PLACE);
	free(group_table_add(&table, profile_maker_profile(maker)));
	assert_int_equal(table.count, 1);
	if (callers)
		place_text_append_callers(&out, &table.groups[0], columns, row_columns);
	else
		place_text_append(&out, &table.groups[0], columns);
	group_table_free(&table);
	profile_maker_free(maker);
	return out.data;
}

static void assert_place(const char *stack, const char *other, unsigned columns, bool callers, const char *expected)
{
	char *text = place_in((const char *const[]){stack, other}, other ? 2 : 1, columns, callers, 0);

	assert_string_equal(text ? text : "", expected);
	free(text);
}

static void a_place_is_its_line_and_its_function(void **state)
{
	const char *one = "main;serve;Cache::put(std::string const&)";
	const char *two = "main;serve;Cache::put(std::string const&);std::vector<int>::push_back(int)";

	(void)state;
	assert_place(one, NULL, 60, false, "source.c:3  Cache::put");
	assert_place(one, two, 60, false, "source.c:3  Cache::put  2 stacks");
	assert_place(one, two, 28, false, "source.c:3  Cache::put"); /* the name goes before the count */
	assert_place("main;serve;hook@/opt/server/hook.so", NULL, 60, false, "source.c:3  hook");
	assert_place("f;(anonymous namespace)::F::operator()(int)", NULL, 60, false,
		     "source.c:2  (anonymous namespace)::F::operator()");
	assert_place("f;Server::handle(int)::{lambda()#1}::operator()() const", NULL, 60, false,
		     "source.c:2  Server::handle::{lambda}");
	assert_place("f;std::make<int>;Pool<Node<int>, 3>::get(int)", NULL, 60, false,
		     "source.c:3  Pool<Node<int>, 3>::get");
	assert_place("f;std::make<int>;Pool<Node<int>, 3>::get(int)", NULL, 30, false, "source.c:3  Pool<...>::get");
	assert_place("", NULL, 60, false, "[no stack]");
}

static void callers_are_those_that_all_stacks_share(void **state)
{
	(void)state;
	assert_place("main;serve;std::invoke();put", NULL, 60, true, "via serve source.c:2 <- main source.c:1");
	assert_place("main;serve;put", "main;accept;put", 60, true, "");
	assert_place("main;serve;handle;put", "main;accept;handle;put", 60, true, "via handle source.c:3");
	assert_place("main;serve;put", NULL, 34, true, "via serve source.c:2");
	assert_place("main", NULL, 60, true, "");
}

static void assert_callers_below(const char *stack, unsigned row_columns, const char *expected)
{
	char *text = place_in(&stack, 1, 80, true, row_columns);

	assert_string_equal(text ? text : "", expected);
	free(text);
}

static void a_name_that_a_row_cuts_stands_below_it(void **state)
{
	const char *one = "main;shop::ConcurrentCache::get_or_load(int)";

	(void)state;
	assert_callers_below(one, 50, "via main source.c:1");
	assert_callers_below(one, 40, "via main source.c:1"); /* without the namespace */
	assert_callers_below(one, 28, "in shop::ConcurrentCache::get_or_load, via main source.c:1");
	assert_callers_below("main", 12, "");
}

static void assert_caution(const char *expected, unsigned cautions, unsigned last_quarter)
{
	const struct profile profile = {.time_ns = 20000000000};
	const struct leaks leaks = {.reference = &profile};
	struct leak_row row = {.cautions = cautions};
	struct buffer text = {0};

	memcpy(row.evidence.old.born, (uint32_t[]){9, 9, 9, last_quarter}, sizeof row.evidence.old.born);
	leak_caution_append(&text, &leaks, &row);
	assert_string_equal(text.data, expected);
	buffer_free(&text);
}

static void a_young_leak_may_have_stopped_where_its_births_have(void **state)
{
	(void)state;
	assert_caution("seen for 20.0 s: a cache that is still filling looks the same", CAUTION_YOUNG | CAUTION_PAUSED,
		       5);
	assert_caution("seen for 20.0 s: a cache that is still filling looks the same; it may have stopped of late",
		       CAUTION_YOUNG | CAUTION_PAUSED, 0);
	assert_caution("it may have stopped of late", CAUTION_PAUSED, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bars_are_at_even_steps_of_time),
	    cmocka_unit_test(a_place_is_its_line_and_its_function),
	    cmocka_unit_test(callers_are_those_that_all_stacks_share),
	    cmocka_unit_test(a_name_that_a_row_cuts_stands_below_it),
	    cmocka_unit_test(a_young_leak_may_have_stopped_where_its_births_have),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
