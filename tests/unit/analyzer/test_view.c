/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of seep top: what they choose, and where they lead when there is nowhere to go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "top/view.h"

enum { ROWS = 30 };

static struct study_place places[ROWS];
static struct row all[ROWS];
static char texts[] = "\0parse_request\0/usr/lib/libparse.so";
static const struct study study = {.texts = texts};

/* Rows with keys from 1 on; 10 of them fit. */
static struct rows rows_of(struct view *view, size_t count)
{
	for (size_t i = 0; i < ROWS; i++) {
		places[i] = (struct study_place){.function = 1, .module = 15};
		all[i] = (struct row){.key = i + 1, .place = &places[i]};
	}
	*view = (struct view){.visible = 10};
	return (struct rows){.rows = all, .count = count};
}

static void press(struct view *view, const struct rows *rows, const char *keys)
{
	for (; *keys; keys++)
		view_key(view, *keys, rows, &study);
}

static void the_selected_row_is_always_on_the_screen(void **state)
{
	(void)state;
	struct view view;
	const struct rows rows = rows_of(&view, ROWS);
	const struct {
		int key;
		size_t selected, first;
	} steps[] = {
	    {'k', 0, 0},
	    {'j', 1, 0},
	    {KEY_CODE_DOWN, 2, 0},
	    {KEY_CODE_UP, 1, 0},
	    {KEY_CODE_PAGE_DOWN, 10, 1},
	    {KEY_CODE_PAGE_DOWN, 19, 10},
	    {KEY_CODE_PAGE_UP, 10, 10},
	    {KEY_CODE_END, 29, 20},
	    {'j', 29, 20},
	    {KEY_CODE_HOME, 0, 0},
	};

	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		assert_true(view_key(&view, steps[i].key, &rows, &study));
		assert_int_equal(view_settle(&view, &rows), steps[i].selected);
		assert_int_equal(view.first, steps[i].first);
	}
	assert_false(view_key(&view, 'x', &rows, &study));
}

static void rows_that_are_gone_are_no_longer_selected(void **state)
{
	(void)state;
	struct view view;
	struct rows rows = rows_of(&view, ROWS);

	view_key(&view, KEY_CODE_END, &rows, &study);
	rows.count = 5;
	assert_int_equal(view_settle(&view, &rows), 0);
	assert_int_equal(view.first, 0);
	rows.count = 0;
	assert_true(view_key(&view, 'j', &rows, &study));
	view_key(&view, KEY_CODE_ENTER, &rows, &study);
	assert_int_equal(view_settle(&view, &rows), 0);
	assert_int_equal(view.open, 0);
}

static void enter_opens_a_place_and_escape_leads_back(void **state)
{
	(void)state;
	struct view view;
	const struct rows rows = rows_of(&view, ROWS);

	press(&view, &rows, "jj\n");
	assert_int_equal(view.open, 3);
	view.lines = 25; /* of stacks, of which 10 fit */
	press(&view, &rows, "j");
	assert_int_equal(view.line, 1);
	view_key(&view, KEY_CODE_END, &rows, &study);
	assert_int_equal(view.line, 15);
	assert_true(view_key(&view, KEY_CODE_ESCAPE, &rows, &study));
	assert_int_equal(view.open, 0);
	assert_int_equal(view_settle(&view, &rows), 2);
	assert_false(view_key(&view, KEY_CODE_ESCAPE, &rows, &study));
	places[2].is_spread = true; /* which has no stacks of its own */
	press(&view, &rows, "\n");
	assert_int_equal(view.open, 0);
}

static void enter_shows_the_places_of_a_function_or_module(void **state)
{
	(void)state;
	struct view view;
	const struct rows rows = rows_of(&view, ROWS);

	view.by = ROW_FUNCTION;
	press(&view, &rows, "j\n");
	assert_int_equal(view.by, ROW_PLACE);
	assert_string_equal(view.filter, "parse_request");
	view.by = ROW_MODULE;
	press(&view, &rows, "\n");
	assert_string_equal(view.filter, "/usr/lib/libparse.so");
	assert_true(view_key(&view, KEY_CODE_ESCAPE, &rows, &study));
	assert_string_equal(view.filter, "");
}

static void a_filter_is_typed_and_taken_back(void **state)
{
	(void)state;
	struct view view;
	const struct rows rows = rows_of(&view, ROWS);

	press(&view, &rows,
	      "/parsq\b\x7f"
	      "e");
	assert_string_equal(view.filter, "pare");
	press(&view, &rows, "\n");
	assert_false(view.is_typing);
	assert_string_equal(view.filter, "pare");
	press(&view, &rows, "/");
	for (int i = 0; i < 2 * FILTER_BYTES; i++)
		press(&view, &rows, "z");
	assert_int_equal(strlen(view.filter), FILTER_BYTES - 1);
	press(&view, &rows, "\x1b");
	assert_string_equal(view.filter, "");
}

static void letters_sort_group_pause_and_end(void **state)
{
	(void)state;
	struct view view;
	const struct rows rows = rows_of(&view, ROWS);

	press(&view, &rows, "g");
	assert_int_equal(view.sort, SORT_GROWTH);
	press(&view, &rows, "us");
	assert_int_equal(view.sort, SORT_CHURN);
	press(&view, &rows, "s");
	assert_int_equal(view.sort, SORT_VERDICT);
	press(&view, &rows, "wpt");
	assert_true(view.window == 1 && view.is_paused && view.wants_snapshot && !view.wants_end);
	for (int i = 0; i < ROW_BYS; i++)
		press(&view, &rows, "b");
	assert_int_equal(view.by, ROW_PLACE);
	press(&view, &rows, "?");
	assert_true(view.wants_help);
	press(&view, &rows, "b?");
	assert_true(view.by == ROW_PLACE && !view.wants_help); /* in the help, letters do nothing */
	press(&view, &rows, " q");
	assert_true(!view.is_paused && view.wants_end);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_selected_row_is_always_on_the_screen),
	    cmocka_unit_test(rows_that_are_gone_are_no_longer_selected),
	    cmocka_unit_test(enter_opens_a_place_and_escape_leads_back),
	    cmocka_unit_test(enter_shows_the_places_of_a_function_or_module),
	    cmocka_unit_test(a_filter_is_typed_and_taken_back),
	    cmocka_unit_test(letters_sort_group_pause_and_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
