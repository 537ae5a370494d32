/* SPDX-License-Identifier: Apache-2.0 */
/* The call tree: that sums add up, that the order is right, and which frames are merged. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "support/profile_maker.h"
#include "tree/call_tree.h"

/* The node at the end of a path of functions, callers first; 0 if there is none. */
static uint32_t node_find(const struct call_tree *tree, const char *path)
{
	uint32_t node = 0;

	while (*path) {
		size_t length = strcspn(path, ";");
		uint32_t child = node + 1;
		for (; child < tree->nodes[node].end; child = tree->nodes[child].end) {
			const char *function = tree->frames[tree->nodes[child].frame].function;
			if (strlen(function) == length && memcmp(function, path, length) == 0)
				break;
		}
		if (child >= tree->nodes[node].end)
			return 0;
		node = child;
		path += length + (path[length] == ';');
	}
	return node;
}

static double now_of(const struct call_tree *tree, const char *path, enum call_value value)
{
	uint32_t node = node_find(tree, path);

	assert_int_not_equal(node, 0);
	return call_tree_sum(tree, &tree->nodes[node], CALL_NOW, call_value_is_space(value));
}

/* Many sites with few functions, so that paths meet and part again; some stacks have been cut. */
static struct profile_maker *random_maker(unsigned seed, unsigned sites)
{
	struct profile_maker *maker = profile_maker_create("random");
	struct buffer stack = {0};

	srand(seed);
	for (unsigned i = 0; i < sites; i++) {
		stack.length = 0;
		for (int depth = rand() % 30; depth >= 0; depth--)
			buffer_printf(&stack, "f%d%s%s", rand() % 7, rand() % 5 ? "" : "=>inner", depth ? ";" : "");
		struct profile_site *site =
		    profile_maker_add(maker, stack.data,
				      (struct made_values){rand() % 3 ? rand() : 0, rand() % 99, rand(), rand() % 999});
		site->truncated = rand() % 4 == 0;
	}
	buffer_free(&stack);
	return maker;
}

static void assert_close(double left, double right)
{
	if (fabs(left - right) > 1e-9 * (fabs(left) + fabs(right)) + 1e-9)
		fail_msg("%.17g is not %.17g", left, right);
}

static void assert_sums(const struct call_tree *tree)
{
	for (uint32_t i = 0; i < tree->node_count; i++)
		for (int side = 0; side < CALL_SIDE_COUNT; side++)
			for (int space = 0; space < 2; space++) {
				const enum call_value value = call_value_is_in_use(tree->arranged_by)
								  ? (space ? CALL_INUSE_SPACE : CALL_INUSE_OBJECTS)
								  : (space ? CALL_ALLOC_SPACE : CALL_ALLOC_OBJECTS);
				double sum = call_tree_own(tree, &tree->nodes[i], side, value);
				for (uint32_t child = i + 1; child < tree->nodes[i].end; child = tree->nodes[child].end)
					sum += call_tree_sum(tree, &tree->nodes[child], side, space);
				assert_close(call_tree_sum(tree, &tree->nodes[i], side, space), sum);
			}
}

static void cumulative_is_flat_plus_children(void **state)
{
	(void)state;
	struct profile_maker *now = random_maker(1, 3000), *base = random_maker(2, 3000);

	for (int value = 0; value < CALL_VALUE_COUNT; value++) {
		struct call_tree *tree =
		    call_tree_build(profile_maker_profile(now), profile_maker_profile(base), value);
		assert_sums(tree);
		call_tree_free(tree);
	}
	profile_maker_free(now);
	profile_maker_free(base);
}

static void root_has_the_totals_of_the_profile(void **state)
{
	(void)state;
	struct profile_maker *maker = random_maker(3, 2000);
	const struct profile *profile = profile_maker_profile(maker);
	double totals[CALL_VALUE_COUNT] = {0};

	for (uint32_t i = 0; i < profile->site_count; i++)
		for (int value = 0; value < CALL_VALUE_COUNT; value++)
			totals[value] += call_value_of(&profile->sites[i], value);
	for (int value = 0; value < CALL_VALUE_COUNT; value++) {
		struct call_tree *tree = call_tree_build(profile, NULL, value);
		assert_close(call_tree_sum(tree, &tree->nodes[0], CALL_NOW, call_value_is_space(value)), totals[value]);
		assert_true(call_tree_sum(tree, &tree->nodes[0], CALL_BASE, call_value_is_space(value)) == 0);
		assert_false(tree->differential);
		call_tree_free(tree);
	}
	profile_maker_free(maker);
}

static void nodes_lie_in_preorder_heaviest_first(void **state)
{
	(void)state;
	struct profile_maker *now = random_maker(4, 3000), *base = random_maker(5, 3000);

	for (int value = 0; value < CALL_VALUE_COUNT; value++) {
		struct call_tree *tree =
		    call_tree_build(profile_maker_profile(now), profile_maker_profile(base), value);
		assert_int_equal(tree->arranged_by, value);
		assert_int_equal(tree->nodes[0].end, tree->node_count);
		for (uint32_t i = 0; i < tree->node_count; i++) {
			const struct call_node *node = &tree->nodes[i];
			double before = INFINITY;
			assert_true(node->end > i && node->end <= tree->node_count);
			assert_true(node->depth <= tree->depth_max);
			for (uint32_t child = i + 1; child < node->end; child = tree->nodes[child].end) {
				assert_int_equal(tree->nodes[child].parent, i);
				assert_int_equal(tree->nodes[child].depth, node->depth + 1);
				assert_true(tree->nodes[child].width <= before);
				assert_true(tree->nodes[child].end <= node->end);
				before = tree->nodes[child].width;
			}
		}
		call_tree_free(tree);
	}
	profile_maker_free(now);
	profile_maker_free(base);
}

static void order_does_not_depend_on_the_order_of_sites(void **state)
{
	(void)state;
	static const char *const stacks[] = {"main;a;x", "main;b;x", "main;c;x", "main;a;y", "main;c;y"};
	struct profile_maker *makers[2];
	struct call_tree *trees[2];

	for (int i = 0; i < 2; i++) {
		makers[i] = profile_maker_create("order");
		for (int k = 0; k < 5; k++)
			profile_maker_add(makers[i], stacks[i ? 4 - k : k], made_bytes(100)); /* all of one weight */
		trees[i] = call_tree_build(profile_maker_profile(makers[i]), NULL, CALL_INUSE_SPACE);
	}
	assert_int_equal(trees[0]->node_count, trees[1]->node_count);
	for (uint32_t i = 0; i < trees[0]->node_count; i++)
		assert_string_equal(trees[0]->frames[trees[0]->nodes[i].frame].function,
				    trees[1]->frames[trees[1]->nodes[i].frame].function);
	for (int i = 0; i < 2; i++) {
		call_tree_free(trees[i]);
		profile_maker_free(makers[i]);
	}
}

static void inlined_calls_are_frames_of_their_own(void **state)
{
	(void)state;
	struct profile_maker *maker = profile_maker_create("inlined");
	profile_maker_add(maker, "main;push_back=>grow=>allocate", made_bytes(64));
	profile_maker_add(maker, "main;push_back", made_bytes(32));
	struct call_tree *tree = call_tree_build(profile_maker_profile(maker), NULL, CALL_INUSE_SPACE);

	assert_close(now_of(tree, "main;push_back", CALL_INUSE_SPACE), 96);
	assert_close(now_of(tree, "main;push_back;grow;allocate", CALL_INUSE_SPACE), 64);
	assert_false(tree->nodes[node_find(tree, "main;push_back")].inlined);
	assert_true(tree->nodes[node_find(tree, "main;push_back;grow")].inlined);
	assert_true(tree->nodes[node_find(tree, "main;push_back;grow;allocate")].inlined);
	call_tree_free(tree);
	profile_maker_free(maker);
}

static void cut_and_missing_stacks_stand_apart(void **state)
{
	(void)state;
	struct profile_maker *maker = profile_maker_create("cut");
	profile_maker_add(maker, "deep;deeper", made_bytes(64))->truncated = true;
	profile_maker_add(maker, "deep;deeper", made_bytes(32));
	profile_maker_add(maker, "", made_bytes(16));
	struct call_tree *tree = call_tree_build(profile_maker_profile(maker), NULL, CALL_INUSE_SPACE);

	assert_close(now_of(tree, "[truncated];deep;deeper", CALL_INUSE_SPACE), 64);
	assert_close(now_of(tree, "deep;deeper", CALL_INUSE_SPACE), 32);
	assert_close(now_of(tree, "[no stack]", CALL_INUSE_SPACE), 16);
	assert_int_equal(tree->frames[tree->nodes[node_find(tree, "[truncated]")].frame].kind, CALL_TRUNCATED);
	assert_int_equal(tree->frames[tree->nodes[node_find(tree, "[no stack]")].frame].kind, CALL_NO_STACK);
	call_tree_free(tree);
	profile_maker_free(maker);
}

static uint32_t children_of_main(const struct call_tree *tree)
{
	uint32_t node = node_find(tree, "main"), count = 0;

	for (uint32_t child = node + 1; child < tree->nodes[node].end; child = tree->nodes[child].end)
		count++;
	return count;
}

static void one_name_in_two_modules_is_two_functions(void **state)
{
	(void)state;
	struct profile_maker *maker = profile_maker_create("plugins");
	profile_maker_add(maker, "main;plugin_init@/opt/liba.so", made_bytes(64));
	profile_maker_add(maker, "main;plugin_init@/opt/libb.so", made_bytes(32));
	struct call_tree *tree = call_tree_build(profile_maker_profile(maker), NULL, CALL_INUSE_SPACE);

	assert_int_equal(children_of_main(tree), 2);
	call_tree_free(tree);
	profile_maker_free(maker);
}

static void versions_of_one_library_are_one_module(void **state)
{
	(void)state;
	struct profile_maker *now = profile_maker_create("new"), *base = profile_maker_create("old");
	profile_maker_add(now, "main;parse@/usr/lib/libxml2.so.2.9.14", made_bytes(64));
	profile_maker_add(base, "main;parse@/usr/local/lib/libxml2.so.2.10 (deleted)", made_bytes(32));
	struct call_tree *tree =
	    call_tree_build(profile_maker_profile(now), profile_maker_profile(base), CALL_INUSE_SPACE);

	assert_int_equal(children_of_main(tree), 1);
	assert_close(call_tree_sum(tree, &tree->nodes[node_find(tree, "main;parse")], CALL_BASE, true), 32);
	call_tree_free(tree);
	profile_maker_free(now);
	profile_maker_free(base);
}

static void program_that_was_replaced_is_the_same_module(void **state)
{
	(void)state;
	struct profile_maker *now = profile_maker_create("new"), *base = profile_maker_create("old");
	profile_maker_profile(base)->modules[1].path = "/opt/server-1.0";
	profile_maker_add(now, "main;serve", made_bytes(64));
	profile_maker_add(base, "main;serve", made_bytes(32));
	struct call_tree *tree =
	    call_tree_build(profile_maker_profile(now), profile_maker_profile(base), CALL_INUSE_SPACE);

	assert_int_equal(tree->node_count, 3);
	call_tree_free(tree);
	profile_maker_free(now);
	profile_maker_free(base);
}

static void difference_keeps_what_only_one_side_has(void **state)
{
	(void)state;
	struct profile_maker *now = profile_maker_create("now"), *base = profile_maker_create("base");
	profile_maker_add(now, "main;both", made_bytes(100));
	profile_maker_add(now, "main;fresh;leaf", made_bytes(70));
	profile_maker_add(base, "main;both", made_bytes(40));
	profile_maker_add(base, "main;gone;leaf", made_bytes(90));
	struct call_tree *tree =
	    call_tree_build(profile_maker_profile(now), profile_maker_profile(base), CALL_INUSE_SPACE);
	const struct call_node *gone = &tree->nodes[node_find(tree, "main;gone;leaf")];
	const struct call_node *main_node = &tree->nodes[node_find(tree, "main")];

	assert_true(tree->differential);
	assert_close(call_tree_sum(tree, gone, CALL_BASE, true), 90);
	assert_true(call_tree_sum(tree, gone, CALL_NOW, true) == 0);
	assert_close(now_of(tree, "main;fresh;leaf", CALL_INUSE_SPACE), 70);
	assert_close(call_tree_sum(tree, main_node, CALL_NOW, true), 170);
	assert_close(call_tree_sum(tree, main_node, CALL_BASE, true), 130);
	assert_close(main_node->width, 100 + 70 + 90); /* each path has the larger of its two values */
	call_tree_free(tree);
	profile_maker_free(now);
	profile_maker_free(base);
}

static void line_is_where_most_bytes_went(void **state)
{
	(void)state;
	struct profile_maker *maker = profile_maker_create("lines");
	struct profile *profile = profile_maker_profile(maker);
	profile_maker_add(maker, "main;small", made_bytes(10));
	profile_maker_add(maker, "main=>large", made_bytes(30));
	profile->locations[0].lines[0].line = 17; /* main as caller of small */
	profile->locations[2].lines[1].line = 23; /* main as caller of large */
	struct call_tree *tree = call_tree_build(profile, NULL, CALL_INUSE_SPACE);

	assert_int_equal(tree->nodes[node_find(tree, "main")].line, 23);
	assert_int_equal(tree->nodes[node_find(tree, "main")].line_count, 2);
	assert_int_equal(tree->nodes[node_find(tree, "main;small")].line_count, 1);
	call_tree_free(tree);
	profile_maker_free(maker);
}

static void recursion_of_thousands_of_frames_is_no_recursion_here(void **state)
{
	(void)state;
	enum { DEPTH = 4000 };
	struct profile_maker *maker = profile_maker_create("recursive");
	struct buffer stack = {0};
	for (int i = 0; i < DEPTH; i++)
		buffer_append_text(&stack, i ? ";walk" : "walk");
	profile_maker_add(maker, stack.data, made_bytes(64));
	struct call_tree *tree = call_tree_build(profile_maker_profile(maker), NULL, CALL_INUSE_SPACE);

	assert_int_equal(tree->depth_max, DEPTH);
	assert_int_equal(tree->frame_count, 2);
	assert_close(call_tree_sum(tree, &tree->nodes[1], CALL_NOW, true), 64);
	assert_true(call_tree_own(tree, &tree->nodes[1], CALL_NOW, CALL_INUSE_SPACE) == 0);
	call_tree_free(tree);
	buffer_free(&stack);
	profile_maker_free(maker);
}

static void profile_without_sites_is_a_root(void **state)
{
	(void)state;
	struct profile_maker *maker = profile_maker_create("empty");
	struct call_tree *tree = call_tree_build(profile_maker_profile(maker), NULL, CALL_INUSE_SPACE);

	assert_int_equal(tree->node_count, 1);
	assert_int_equal(tree->nodes[0].end, 1);
	assert_true(tree->nodes[0].width == 0);
	call_tree_free(tree);
	profile_maker_free(maker);
}

static void narrow_calls_of_one_caller_become_one(void **state)
{
	(void)state;
	struct profile_maker *now = random_maker(5, 300), *base = random_maker(6, 300);

	for (uint32_t most = 1; most < 4000; most *= 5) {
		struct call_tree *whole =
		    call_tree_build(profile_maker_profile(now), profile_maker_profile(base), CALL_INUSE_SPACE);
		struct call_tree *tree = call_tree_build_widest(profile_maker_profile(now), profile_maker_profile(base),
								CALL_INUSE_SPACE, most);
		uint32_t stand_ins = 0;
		for (uint32_t i = 0; i < tree->node_count; i++) {
			const bool stands_in = tree->frames[tree->nodes[i].frame].kind == CALL_NARROW;
			stand_ins += stands_in;
			assert_true(!stands_in || tree->nodes[i].end == i + 1);
		}
		assert_in_range(tree->node_count - stand_ins, 1, most + 1);
		assert_true(stand_ins > 0);
		assert_int_equal(tree->node_count - stand_ins + tree->narrow, whole->node_count);
		assert_sums(tree);
		assert_close(tree->nodes[0].width, whole->nodes[0].width);
		assert_close(tree->base[0].space, whole->base[0].space);
		call_tree_free(tree);
		call_tree_free(whole);
	}
	profile_maker_free(now);
	profile_maker_free(base);
}

static void values_have_the_names_of_the_command_line(void **state)
{
	(void)state;

	for (int i = 0; i < CALL_VALUE_COUNT; i++)
		assert_string_equal(call_value_names[i], call_value_name(i));
	assert_string_equal(call_value_names[CALL_ALLOC_OBJECTS], "alloc_objects");
	assert_null(call_value_names[CALL_VALUE_COUNT]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(cumulative_is_flat_plus_children),
	    cmocka_unit_test(root_has_the_totals_of_the_profile),
	    cmocka_unit_test(nodes_lie_in_preorder_heaviest_first),
	    cmocka_unit_test(order_does_not_depend_on_the_order_of_sites),
	    cmocka_unit_test(inlined_calls_are_frames_of_their_own),
	    cmocka_unit_test(cut_and_missing_stacks_stand_apart),
	    cmocka_unit_test(one_name_in_two_modules_is_two_functions),
	    cmocka_unit_test(versions_of_one_library_are_one_module),
	    cmocka_unit_test(program_that_was_replaced_is_the_same_module),
	    cmocka_unit_test(difference_keeps_what_only_one_side_has),
	    cmocka_unit_test(line_is_where_most_bytes_went),
	    cmocka_unit_test(recursion_of_thousands_of_frames_is_no_recursion_here),
	    cmocka_unit_test(profile_without_sites_is_a_root),
	    cmocka_unit_test(narrow_calls_of_one_caller_become_one),
	    cmocka_unit_test(values_have_the_names_of_the_command_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
