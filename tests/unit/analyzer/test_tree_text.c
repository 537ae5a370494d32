/* SPDX-License-Identifier: Apache-2.0 */
/* The call tree as text: what is folded, what is left out and counted, and that it keeps to the page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "render/terminal/text_page.h"
#include "render/text/tree_text.h"
#include "support/profile_maker.h"

static struct made_values mebibytes(double in_use)
{
	return (struct made_values){in_use * 1048576, in_use * 1000, in_use * 2097152, in_use * 3000};
}

static struct buffer render(struct profile_maker *now, struct profile_maker *base, double share, uint32_t columns)
{
	struct call_tree *tree =
	    call_tree_build(profile_maker_profile(now), base ? profile_maker_profile(base) : NULL, CALL_INUSE_SPACE);
	struct buffer out = {0};

	tree_text_render(&out, tree, &(struct tree_text_options){.share_least = share, .columns = columns});
	call_tree_free(tree);
	return out;
}

static void branches_are_indented_and_chains_are_not(void **state)
{
	(void)state;
	struct profile_maker *maker = profile_maker_create("server");
	profile_maker_add(maker, "main;loop;serve;parse", mebibytes(6));
	profile_maker_add(maker, "main;loop;serve;render", mebibytes(3));
	profile_maker_add(maker, "main;loop;serve", mebibytes(1));
	struct buffer out = render(maker, NULL, 0.01, 0);

	assert_string_equal(out.data, "    in use   share  callers first\n"
				      "  10.0 MiB  100.0%  all\n"
				      "                    main  source.c:1\n"
				      "                    loop  source.c:2\n"
				      "                    serve  source.c:3\n"
				      "  1.00 MiB   10.0%  + (itself)\n"
				      "  6.00 MiB   60.0%  + parse  source.c:4\n"
				      "  3.00 MiB   30.0%  + render  source.c:5\n");
	buffer_free(&out);
	profile_maker_free(maker);
}

static void small_branches_are_summed_up(void **state)
{
	(void)state;
	struct profile_maker *maker = profile_maker_create("server");
	profile_maker_add(maker, "main;large;leaf", mebibytes(90));
	profile_maker_add(maker, "main;small1;leaf", mebibytes(0.25));
	profile_maker_add(maker, "main;small2;leaf", mebibytes(0.25));
	struct buffer out = render(maker, NULL, 0.01, 0);

	assert_non_null(strstr(out.data, "   512 KiB    0.6%  (and 2 smaller branches)\n"));
	assert_null(strstr(out.data, "small1"));
	buffer_free(&out);
	out = render(maker, NULL, 0, 0);
	assert_non_null(strstr(out.data, "small1"));
	assert_non_null(strstr(out.data, "small2"));
	assert_null(strstr(out.data, "smaller"));
	buffer_free(&out);
	profile_maker_free(maker);
}

static void what_was_all_freed_is_not_there(void **state)
{
	(void)state;
	struct profile_maker *maker = profile_maker_create("server");
	profile_maker_add(maker, "main;loop;kept", mebibytes(6));
	profile_maker_add(maker, "main;loop;freed",
			  (struct made_values){.allocated_bytes = 1e9, .allocated_objects = 9});
	profile_maker_add(maker, "main;freed", (struct made_values){.allocated_bytes = 1e9, .allocated_objects = 9});
	for (int i = 0; i < 2; i++) {
		struct buffer out = render(maker, NULL, i ? 0.01 : 0, 0);
		assert_string_equal(out.data, "    in use   share  callers first\n"
					      "  6.00 MiB  100.0%  all\n"
					      "                    main  source.c:1\n"
					      "                    loop  source.c:2\n"
					      "                    kept  source.c:3\n");
		buffer_free(&out);
	}
	profile_maker_free(maker);
}

static void long_chains_are_folded(void **state)
{
	(void)state;
	struct profile_maker *maker = profile_maker_create("server");
	struct buffer stack = {0};
	for (int i = 1; i <= 60; i++)
		buffer_printf(&stack, "%sf%d", i > 1 ? ";" : "", i);
	profile_maker_add(maker, stack.data, mebibytes(5));
	struct buffer out = render(maker, NULL, 0.01, 0);

	assert_string_equal(out.data, "    in use   share  callers first\n"
				      "  5.00 MiB  100.0%  all\n"
				      "                    f1  source.c:1\n"
				      "                    f2  source.c:2\n"
				      "                    ... 54 more calls ...\n"
				      "                    f57  source.c:57\n"
				      "                    f58  source.c:58\n"
				      "                    f59  source.c:59\n"
				      "                    f60  source.c:60\n");
	buffer_free(&out);
	buffer_free(&stack);
	profile_maker_free(maker);
}

static void difference_shows_change_and_what_vanished(void **state)
{
	(void)state;
	struct profile_maker *now = profile_maker_create("server"), *base = profile_maker_create("server");
	profile_maker_add(now, "main;grown", mebibytes(6));
	profile_maker_add(base, "main;grown", mebibytes(2));
	profile_maker_add(base, "main;gone", mebibytes(3));
	struct buffer out = render(now, base, 0.01, 0);

	assert_string_equal(out.data, "    change     in use   share  callers first\n"
				      " +1.00 MiB   6.00 MiB  100.0%  all\n"
				      "                               main  source.c:1\n"
				      " +4.00 MiB   6.00 MiB  100.0%  + grown  source.c:2\n"
				      " -3.00 MiB        0 B    0.0%  + gone  source.c:3\n");
	buffer_free(&out);
	profile_maker_free(now);
	profile_maker_free(base);
}

static void lines_keep_to_the_page(void **state)
{
	(void)state;
	struct profile_maker *maker = profile_maker_create("server");
	struct buffer stack = {0};
	for (int i = 0; i < 200; i++) { /* branches at every level */
		buffer_printf(&stack, "%sa_rather_long_function_name_of_the_middle_layer::handle_request_%d",
			      i ? ";" : "", i);
		profile_maker_add(maker, stack.data, mebibytes(5));
	}
	for (uint32_t columns = 60; columns <= 120; columns += 20) {
		struct buffer out = render(maker, NULL, 0, columns);
		unsigned lines = 0;
		for (char *line = strtok(out.data, "\n"); line; line = strtok(NULL, "\n"), lines++)
			if (text_columns(line) > columns)
				fail_msg("%u columns, %u asked for: %s", text_columns(line), columns, line);
		assert_int_equal(lines,
				 1 + 1 + 200 + 199); /* heading, root, functions, and what they allocated themselves */
		buffer_free(&out);
	}
	buffer_free(&stack);
	profile_maker_free(maker);
}

static void empty_profile_is_one_line(void **state)
{
	(void)state;
	struct profile_maker *maker = profile_maker_create("idle");
	struct buffer out = render(maker, NULL, 0.01, 0);

	assert_string_equal(out.data, "    in use   share  callers first\n       0 B    0.0%  all\n");
	buffer_free(&out);
	profile_maker_free(maker);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(branches_are_indented_and_chains_are_not),
	    cmocka_unit_test(small_branches_are_summed_up),
	    cmocka_unit_test(what_was_all_freed_is_not_there),
	    cmocka_unit_test(long_chains_are_folded),
	    cmocka_unit_test(difference_shows_change_and_what_vanished),
	    cmocka_unit_test(lines_keep_to_the_page),
	    cmocka_unit_test(empty_profile_is_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
