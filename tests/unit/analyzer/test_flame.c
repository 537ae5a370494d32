/* SPDX-License-Identifier: Apache-2.0 */
/* Flame graphs and folded stacks: the same numbers as the profile, whatever the names are. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "profile/lost.h"
#include "render/flame/flame.h"
#include "render/flame/flame_colour.h"
#include "export/export.h"
#include "support/profile_maker.h"
#include "tree/call_tree.h"

enum format { SVG, FOLDED };

static struct buffer render(struct profile_maker *now, struct profile_maker *base, enum call_value value,
			    enum format format)
{
	const struct profile *before = base ? profile_maker_profile(base) : NULL;
	struct call_tree *tree = call_tree_build(profile_maker_profile(now), before, value);
	struct flame_caption caption = {0};
	struct buffer out = {0};

	flame_caption_fill(&caption, tree, profile_maker_profile(now), before);
	if (format == SVG)
		flame_svg_render(&out, tree, &caption);
	else
		folded_render(&out, tree);
	flame_caption_free(&caption);
	call_tree_free(tree);
	return out;
}

static unsigned count_of(const char *text, const char *wanted)
{
	unsigned count = 0;

	for (; (text = strstr(text, wanted)); text += strlen(wanted))
		count++;
	return count;
}

/* The numbers of a data part, in order. */
static size_t part_numbers(const struct buffer *out, const char *name, double *numbers, size_t limit)
{
	char opening[64];
	size_t count = 0;

	snprintf(opening, sizeof opening, "data-part=\"%s\">[", name);
	char *at = strstr(out->data, opening);
	assert_non_null(at);
	for (at += strlen(opening); *at != ']'; at += *at == ',') {
		assert_true(count < limit);
		numbers[count++] = strtod(at, &at);
	}
	return count;
}

static void folded_lines_are_paths_and_values(void **state)
{
	(void)state;
	struct profile_maker *maker = profile_maker_create("server");
	profile_maker_add(maker, "main;serve;parse", made_bytes(3200));
	profile_maker_add(maker, "main;serve", made_bytes(160));
	profile_maker_add(maker, "main;serve;render=>format", made_bytes(1600));
	struct buffer out = render(maker, NULL, CALL_INUSE_SPACE, FOLDED);

	assert_string_equal(out.data, "main;serve 160\nmain;serve;parse 3200\nmain;serve;render;format 1600\n");
	buffer_free(&out);
	out = render(maker, NULL, CALL_ALLOC_OBJECTS, FOLDED);
	assert_string_equal(out.data, "main;serve 40\nmain;serve;parse 800\nmain;serve;render;format 400\n");
	buffer_free(&out);
	profile_maker_free(maker);
}

static void folded_difference_has_before_and_after(void **state)
{
	(void)state;
	struct profile_maker *now = profile_maker_create("server"), *base = profile_maker_create("server");
	profile_maker_add(now, "main;both", made_bytes(320));
	profile_maker_add(now, "main;fresh", made_bytes(160));
	profile_maker_add(base, "main;both", made_bytes(32));
	profile_maker_add(base, "main;gone", made_bytes(80));
	struct buffer out = render(now, base, CALL_INUSE_SPACE, FOLDED);

	assert_string_equal(out.data, "main;both 32 320\nmain;fresh 0 160\nmain;gone 80 0\n");
	buffer_free(&out);
	profile_maker_free(now);
	profile_maker_free(base);
}

static void folded_totals_are_the_profiles(void **state)
{
	(void)state;
	struct profile_maker *maker = profile_maker_create("server");
	struct buffer stack = {0};
	double total = 0, sum = 0, lines = 0;

	srand(7);
	for (int i = 0; i < 2000; i++) {
		stack.length = 0;
		for (int depth = rand() % 12; depth >= 0; depth--)
			buffer_printf(&stack, "f%d%s", rand() % 9, depth ? ";" : "");
		double value = rand() / 1e3;
		profile_maker_add(maker, stack.data, (struct made_values){.in_use_bytes = value});
		total += value;
	}
	struct buffer out = render(maker, NULL, CALL_INUSE_SPACE, FOLDED);
	for (const char *line = out.data, *end; (end = strchr(line, '\n')); line = end + 1, lines++)
		sum += atof(memrchr(line, ' ', (size_t)(end - line)));
	assert_true(lines > 100);
	assert_true(fabs(sum - total) <= lines / 2); /* each line is rounded */
	buffer_free(&out);
	buffer_free(&stack);
	profile_maker_free(maker);
}

static void folded_names_cannot_break_the_format(void **state)
{
	(void)state;
	struct profile_maker *maker = profile_maker_create("server");
	profile_maker_add(maker, "main;evil", made_bytes(16));
	profile_maker_profile(maker)->locations[1].lines[0].function = "a;b 12\nc 13";
	struct buffer out = render(maker, NULL, CALL_INUSE_SPACE, FOLDED);

	assert_string_equal(out.data, "main;a:b 12 c 13 16\n");
	buffer_free(&out);
	profile_maker_free(maker);
}

static void data_has_every_node_and_its_values(void **state)
{
	(void)state;
	struct profile_maker *maker = profile_maker_create("server");
	profile_maker_add(maker, "main;serve;parse", made_bytes(3200000));
	profile_maker_add(maker, "main;serve;render", made_bytes(1600000));
	profile_maker_add(maker, "main;freed", (struct made_values){.allocated_bytes = 1e9, .allocated_objects = 1});
	struct buffer out = render(maker, NULL, CALL_INUSE_SPACE, SVG);
	double numbers[8];

	assert_int_equal(part_numbers(&out, "depth", numbers, 8), 5); /* memory that is not in use gets no frame */
	assert_true(numbers[3] == 3 && numbers[4] == 3);
	assert_int_equal(part_numbers(&out, "space", numbers, 8), 5);
	assert_true(numbers[0] == 4800000 && numbers[3] == 3200000 && numbers[4] == 1600000);
	assert_int_equal(part_numbers(&out, "objects", numbers, 8), 5);
	assert_true(numbers[0] == 300000);
	buffer_free(&out);
	profile_maker_free(maker);
}

static void small_totals_keep_their_fractions(void **state)
{
	(void)state;
	struct profile_maker *maker = profile_maker_create("server");
	profile_maker_add(maker, "main;a", (struct made_values){.in_use_bytes = 100, .in_use_objects = 3.25});
	profile_maker_add(maker, "main;b", (struct made_values){.in_use_bytes = 100, .in_use_objects = 1.0625});
	struct buffer out = render(maker, NULL, CALL_INUSE_OBJECTS, SVG);
	double numbers[8];

	assert_int_equal(part_numbers(&out, "objects", numbers, 8), 4);
	assert_true(fabs(numbers[0] - 4.3125) < 0.001 && numbers[2] == 3.25 && fabs(numbers[3] - 1.0625) < 0.001);
	buffer_free(&out);
	profile_maker_free(maker);
}

static void difference_draws_what_vanished(void **state)
{
	(void)state;
	struct profile_maker *now = profile_maker_create("server"), *base = profile_maker_create("server");
	profile_maker_add(now, "main;stays", made_bytes(1 << 20));
	profile_maker_add(base, "main;stays", made_bytes(1 << 20));
	profile_maker_add(base, "main;was_here", made_bytes(1 << 20));
	struct buffer out = render(now, base, CALL_INUSE_SPACE, SVG);
	double numbers[8];

	assert_non_null(strstr(out.data, "class=\"gone\"/><text"));
	assert_non_null(strstr(out.data, ">was_here</text>"));
	assert_non_null(strstr(out.data, "before 1,048,576, after 0 bytes"));
	assert_int_equal(part_numbers(&out, "width", numbers, 8), 4);
	assert_true(numbers[0] == 2 << 20 && numbers[3] == 1 << 20);
	buffer_free(&out);
	profile_maker_free(now);
	profile_maker_free(base);
}

static void equal_profiles_give_equal_files(void **state)
{
	(void)state;
	struct buffer files[2];

	for (int i = 0; i < 2; i++) {
		struct profile_maker *maker = profile_maker_create("server");
		profile_maker_add(maker, i ? "main;b" : "main;a", made_bytes(4096));
		profile_maker_add(maker, i ? "main;a" : "main;b", made_bytes(4096));
		for (uint32_t k = 0; k < 3; k++)
			profile_maker_profile(maker)->locations[k].lines[0].line = 1;
		files[i] = render(maker, NULL, CALL_INUSE_SPACE, SVG);
		profile_maker_free(maker);
	}
	assert_string_equal(files[0].data, files[1].data);
	buffer_free(&files[0]);
	buffer_free(&files[1]);
}

static void caption_says_what_how_sure_and_what_was_lost(void **state)
{
	(void)state;
	struct profile_maker *maker = profile_maker_create("server");
	struct profile *profile = profile_maker_profile(maker);
	profile_maker_add(maker, "main;leak", made_bytes(100 << 20));
	profile->losses[SEEP_LOSS_STACKS_TRUNCATED] = 12;
	struct buffer out = render(maker, NULL, CALL_INUSE_SPACE, SVG);

	assert_non_null(strstr(out.data, "<title>server: in-use space, estimated</title>"));
	assert_non_null(strstr(out.data, "100 MiB (95 % interval "));
	assert_non_null(strstr(out.data, "1 sample, one in 512 KiB on average"));
	assert_non_null(strstr(out.data, "Losses: 12 stacks without their outer callers"));
	buffer_free(&out);

	profile->rate = 1;
	out = render(maker, NULL, CALL_ALLOC_OBJECTS, SVG);
	assert_non_null(strstr(out.data, "<title>server: allocated objects, exact</title>"));
	buffer_free(&out);

	/* every kind of loss in lost.h: the word must not be anywhere */
	for (uint32_t key = 1; key < sizeof profile->losses / sizeof *profile->losses; key++) {
		const bool none = loss_effect((enum seep_loss_key)key) == LOSS_OF_NONE;
		profile->losses[key]++;
		out = render(maker, NULL, CALL_ALLOC_OBJECTS, SVG);
		assert_int_equal(strstr(out.data, "(exact)") || strstr(out.data, ", exact</title>"), none);
		assert_int_equal(strstr(out.data, "every allocation was recorded") != NULL, none);
		buffer_free(&out);
		profile->losses[key]--;
	}

	profile->rate = 0;
	out = render(maker, NULL, CALL_INUSE_SPACE, SVG);
	assert_non_null(strstr(out.data, "no interval: its source has no sampling rate"));
	buffer_free(&out);
	profile_maker_free(maker);
}

static void hostile_names_stay_text(void **state)
{
	(void)state;
	static const char *const names[] = {
	    "</title></script><script>alert(1)</script>",
	    "]]><svg onload=alert(2)>",
	    "\"' onmouseover=\"alert(3)\" &amp; &#60;",
	    "\x01\x02\x1b[31m\x7f\xc2\x85 controls",
	    "\xff\xfe broken \xc3( UTF-8 \xed\xa0\x80",
	    "\xe2\x80\xae gnp.exe turned round \xef\xbf\xbe",
	    "${alert(4)} `alert(5)` <!-- -->",
	};
	struct profile_maker *maker = profile_maker_create("</title><script>alert(0)</script>");
	struct profile *profile = profile_maker_profile(maker);

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		char stack[16];
		snprintf(stack, sizeof stack, "name%zu", i);
		profile_maker_add(maker, stack, made_bytes(1 << 20));
		profile->locations[i].lines[0].function = names[i];
		profile->locations[i].lines[0].file = names[i];
	}
	profile->modules[1].path = profile->source = profile->host = profile->executable = names[0];
	profile->host = names[3];
	struct buffer out = render(maker, NULL, CALL_INUSE_SPACE, SVG);
	assert_null(strstr(out.data, "<script>alert"));
	assert_null(strstr(out.data, "<svg onload"));
	assert_null(strstr(out.data, "\" onmouseover"));
	assert_null(strstr(out.data, "<!--"));
	assert_int_equal(strlen(out.data), out.length);
	for (size_t i = 0; i < out.length; i++) {
		unsigned char byte = (unsigned char)out.data[i];
		assert_true(byte >= 0x20 || byte == '\n' || byte == '\t');
		assert_int_not_equal(byte, 0x7f);
	}
	assert_null(strstr(out.data, "\xe2\x80\xae"));
	assert_null(strstr(out.data, "\\u202e"));
	assert_null(strstr(out.data, "\\u001b"));
	assert_int_equal(count_of(out.data, "<script"), count_of(out.data, "</script>"));
	assert_int_equal(count_of(out.data, "<![CDATA["), count_of(out.data, "]]>"));
	buffer_free(&out);
	profile_maker_free(maker);
}

static void names_of_64_kib_are_cut(void **state)
{
	(void)state;
	struct profile_maker *maker = profile_maker_create("server");
	static char name[65537];
	memset(name, 'x', sizeof name - 1);
	profile_maker_add(maker, "main;long", made_bytes(1 << 20));
	struct buffer plain = render(maker, NULL, CALL_INUSE_SPACE, SVG);
	profile_maker_profile(maker)->locations[1].lines[0].function = name;
	profile_maker_profile(maker)->locations[1].lines[0].file = name;
	struct buffer out = render(maker, NULL, CALL_INUSE_SPACE, SVG);

	assert_true(out.length < plain.length + 8192);
	buffer_free(&plain);
	buffer_free(&out);
	profile_maker_free(maker);
}

static void empty_profile_is_still_a_drawing(void **state)
{
	(void)state;
	struct profile_maker *maker = profile_maker_create("idle");
	struct buffer out = render(maker, NULL, CALL_INUSE_SPACE, SVG);

	assert_null(strstr(out.data, "nan\""));
	assert_null(strstr(out.data, "=\"inf"));
	assert_non_null(strstr(out.data, "0 B (95 % interval 0 B to "));
	buffer_free(&out);
	profile_maker_free(maker);
}

static void narrow_frames_are_counted(void **state)
{
	(void)state;
	struct profile_maker *maker = profile_maker_create("server");
	profile_maker_add(maker, "main;large", made_bytes(1e9));
	for (int i = 0; i < 50; i++) {
		char stack[32];
		snprintf(stack, sizeof stack, "main;tiny%d;leaf", i);
		profile_maker_add(maker, stack, made_bytes(100000));
	}
	struct buffer out = render(maker, NULL, CALL_INUSE_SPACE, SVG);

	assert_non_null(strstr(out.data, "100 frames are too narrow to be drawn"));
	assert_non_null(strstr(out.data, "<path class=\"narrow\""));
	buffer_free(&out);
	profile_maker_free(maker);
}

static void change_is_coloured_by_its_share(void **state)
{
	(void)state;
	assert_int_equal(flame_change_index(100, 100), FLAME_CHANGE_STEPS);
	assert_int_equal(flame_change_index(0, 0), FLAME_CHANGE_STEPS);
	assert_int_equal(flame_change_index(100, 0), FLAME_CHANGE_COLOURS - 1);
	assert_int_equal(flame_change_index(0, 100), 0);
	assert_int_equal(flame_change_index(100, 50), FLAME_CHANGE_STEPS + 5);
	assert_int_equal(flame_change_index(50, 100), FLAME_CHANGE_STEPS - 5);
	assert_int_equal(flame_change_index(1001, 1000), FLAME_CHANGE_STEPS);
	assert_int_equal(flame_change_index(102, 100), FLAME_CHANGE_STEPS + 1);
}

/* Relative luminance of "#rrggbb", as WCAG defines it. */
static double luminance(struct flame_colour colour)
{
	static const double weights[] = {0.2126, 0.7152, 0.0722};
	double sum = 0;

	for (int i = 0; i < 3; i++) {
		double part = (double)(strtol(colour.text + 1, NULL, 16) >> (16 - 8 * i) & 255) / 255;
		sum += weights[i] * (part <= 0.04045 ? part / 12.92 : pow((part + 0.055) / 1.055, 2.4));
	}
	return sum;
}

static void labels_are_legible_on_every_colour(void **state)
{
	(void)state;
	double ink = luminance((struct flame_colour){"#231a12"}); /* of flame.css */

	for (unsigned i = 0; i < FLAME_COLOURS; i++)
		assert_true((luminance(flame_colour(i)) + 0.05) / (ink + 0.05) >= 4.5);
	for (unsigned i = 0; i < FLAME_CHANGE_COLOURS; i++)
		assert_true((luminance(flame_change_colour(i)) + 0.05) / (ink + 0.05) >= 4.5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(folded_lines_are_paths_and_values),
	    cmocka_unit_test(folded_difference_has_before_and_after),
	    cmocka_unit_test(folded_totals_are_the_profiles),
	    cmocka_unit_test(folded_names_cannot_break_the_format),
	    cmocka_unit_test(data_has_every_node_and_its_values),
	    cmocka_unit_test(small_totals_keep_their_fractions),
	    cmocka_unit_test(difference_draws_what_vanished),
	    cmocka_unit_test(equal_profiles_give_equal_files),
	    cmocka_unit_test(caption_says_what_how_sure_and_what_was_lost),
	    cmocka_unit_test(hostile_names_stay_text),
	    cmocka_unit_test(names_of_64_kib_are_cut),
	    cmocka_unit_test(empty_profile_is_still_a_drawing),
	    cmocka_unit_test(narrow_frames_are_counted),
	    cmocka_unit_test(change_is_coloured_by_its_share),
	    cmocka_unit_test(labels_are_legible_on_every_colour),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
