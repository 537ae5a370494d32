/* SPDX-License-Identifier: Apache-2.0 */
/* Which call of a stack is its place, and which functions are found to be wrappers around an allocator. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "place/place.h"
#include "support/profile_maker.h"

static void add(struct profile_maker *maker, const char *stack, double block_bytes)
{
	profile_maker_add(maker, stack,
			  (struct made_values){.in_use_bytes = 10 * block_bytes,
					       .in_use_objects = 10,
					       .allocated_bytes = 100 * block_bytes,
					       .allocated_objects = 100});
}

/* The function at the place of the site'th stack. */
static const char *place_of(struct profile_maker *maker, uint32_t site, const char *given)
{
	const struct profile *profile = profile_maker_profile(maker);
	struct wrappers *wrappers = wrappers_find(profile, &given, given != NULL);
	const char *function = "nowhere";
	struct frame_walk place;

	if (place_find(profile, wrappers, &profile->sites[site], &place))
		function = frame_walk_line(profile, place)->function;
	wrappers_free(wrappers);
	return function;
}

static void containers_and_libraries_are_passed_over(void **state)
{
	struct profile_maker *maker = profile_maker_create("server");

	(void)state;
	add(maker, "main;serve;Cache::put=>std::vector<int, std::allocator<int> >::push_back(int const&)", 100);
	add(maker, "main;serve;load_key;X509_new@/usr/lib/x86_64-linux-gnu/libcrypto.so.3", 200);
	add(maker, "main;serve;hook@/usr/lib/server/modules/libhook.so", 300);
	add(maker, "main;serve;void std::make_shared<Node>(int)", 400);
	add(maker, "start@/lib64/libc.so.6;qsort@/lib64/libc.so.6", 500);
	add(maker, "", 600);
	assert_string_equal(place_of(maker, 0, NULL), "Cache::put");
	assert_string_equal(place_of(maker, 1, NULL), "load_key");
	assert_string_equal(place_of(maker, 2, NULL), "hook");
	assert_string_equal(place_of(maker, 3, NULL), "serve");
	assert_string_equal(place_of(maker, 4, NULL), "qsort");
	assert_string_equal(place_of(maker, 5, NULL), "nowhere");
	profile_maker_free(maker);
}

static void in_a_host_the_guests_are_the_program(void **state)
{
	struct profile_maker *maker = profile_maker_create("python");

	(void)state;
	add(maker, "main;eval;dist@/home/me/math.so;PySequence_Tuple;tuple_make", 100);
	add(maker, "main;eval;list_make", 200);
	assert_string_equal(place_of(maker, 0, NULL), "dist");
	assert_string_equal(place_of(maker, 1, NULL), "list_make");
	profile_maker_free(maker);
	/* Both are the system's. */
	maker = profile_maker_create("server");
	add(maker, "main;hook@/usr/lib/server/modules/hook.so;answer", 100);
	assert_string_equal(place_of(maker, 0, NULL), "answer");
	profile_maker_free(maker);
}

static void names_of_allocators_are_wrappers(void **state)
{
	static const char *const names[] = {"xmalloc",
					    "zmalloc",
					    "jv_mem_alloc",
					    "luaM_realloc_",
					    "js_malloc",
					    "arena_new",
					    "luaC_newobj",
					    "_sdsnewlen",
					    "_sdsMakeRoomFor",
					    "arena_get",
					    "pool_take",
					    "mem::Slab::obtain(unsigned long)",
					    "xstrdup",
					    "ngx_palloc",
					    "palloc0",
					    "sqlite3MemMalloc",
					    "pool::Arena::allocate(unsigned long)",
					    "Pool<Node, 4>::allocate(unsigned long)",
					    "(anonymous namespace)::allocate(unsigned long)",
					    "char* take_alloc<char>(int)",
					    "ztrymalloc_usable"};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct profile_maker *maker = profile_maker_create("server");
		char stack[128];
		snprintf(stack, sizeof stack, "main;parse;%s", names[i]);
		add(maker, stack, 40);
		snprintf(stack, sizeof stack, "main;answer;%s", names[i]);
		add(maker, stack, 4000);
		assert_string_equal(place_of(maker, 0, NULL), "parse");
		assert_string_equal(place_of(maker, 1, NULL), "answer");
		profile_maker_free(maker);
	}
}

/* No name says so; but its five callers get what they ask for, each always the same. */
static void what_callers_decide_is_a_wrapper(void **state)
{
	struct profile_maker *maker = profile_maker_create("server");
	char stack[64];

	(void)state;
	for (int i = 0; i < 5; i++) {
		snprintf(stack, sizeof stack, "main;caller%d;obtain", i);
		add(maker, stack, 64 << i);
	}
	assert_string_equal(place_of(maker, 3, NULL), "caller3");
	profile_maker_free(maker);
}

static void what_decides_itself_is_none(void **state)
{
	struct profile_maker *maker = profile_maker_create("server");
	char stack[64];

	(void)state;
	for (int i = 0; i < 6; i++) { /* always the same size: it makes things of one kind */
		snprintf(stack, sizeof stack, "main;caller%d;session_new", i);
		add(maker, stack, 4096);
	}
	for (int i = 0; i < 12; i++) { /* each caller gets all sizes */
		snprintf(stack, sizeof stack, "main;above%d;reader%d;read_message", i % 2, i % 6);
		add(maker, stack, 100 * (1 + i));
	}
	for (int i = 0; i < 6; i++) { /* it allocates all over its code */
		snprintf(stack, sizeof stack, "main;place%d;interpret=>line%d;xmalloc", i, i);
		add(maker, stack, 100 << i);
	}
	assert_string_equal(place_of(maker, 0, NULL), "session_new");
	assert_string_equal(place_of(maker, 7, NULL), "read_message");
	assert_string_equal(place_of(maker, 18, NULL), "line0");
	profile_maker_free(maker);
}

static void the_outermost_function_is_never_one(void **state)
{
	struct profile_maker *maker = profile_maker_create("server");

	(void)state;
	add(maker, "main", 40);
	add(maker, "my_malloc", 80);
	assert_string_equal(place_of(maker, 0, NULL), "main");
	assert_string_equal(place_of(maker, 1, NULL), "my_malloc");
	profile_maker_free(maker);
}

static void users_name_wrappers(void **state)
{
	struct profile_maker *maker = profile_maker_create("server");

	(void)state;
	add(maker, "main;parse;table_make", 40);
	assert_string_equal(place_of(maker, 0, NULL), "table_make");
	assert_string_equal(place_of(maker, 0, "table_*"), "parse");
	profile_maker_free(maker);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(containers_and_libraries_are_passed_over),
	    cmocka_unit_test(in_a_host_the_guests_are_the_program),
	    cmocka_unit_test(names_of_allocators_are_wrappers),
	    cmocka_unit_test(what_callers_decide_is_a_wrapper),
	    cmocka_unit_test(what_decides_itself_is_none),
	    cmocka_unit_test(the_outermost_function_is_never_one),
	    cmocka_unit_test(users_name_wrappers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
