/* SPDX-License-Identifier: Apache-2.0 */
#include "top/view.h"

#include <stdio.h>
#include <string.h>

size_t view_settle(struct view *view, const struct rows *rows)
{
	size_t at = view->selected ? rows_find(rows, view->selected) : 0;

	if (at >= rows->count)
		at = 0;
	if (at < view->first)
		view->first = at;
	if (view->visible && at >= view->first + view->visible)
		view->first = at - view->visible + 1;
	if (view->first + view->visible > rows->count)
		view->first = rows->count > view->visible ? rows->count - view->visible : 0;
	return at;
}

/* How many rows or lines a key moves. */
static long step_of(const struct view *view, int key)
{
	const long page = view->visible > 1 ? (long)view->visible - 1 : 1;

	switch (key) {
	case KEY_CODE_UP:
	case 'k':
		return -1;
	case KEY_CODE_DOWN:
	case 'j':
		return 1;
	case KEY_CODE_PAGE_UP:
		return -page;
	case KEY_CODE_PAGE_DOWN:
		return page;
	case KEY_CODE_HOME:
		return -1000000000;
	case KEY_CODE_END:
		return 1000000000;
	default:
		return 0;
	}
}

static size_t moved(size_t at, long step, size_t count)
{
	const long to = (long)at + step, last = count ? (long)count - 1 : 0;

	return (size_t)(to < 0 ? 0 : to > last ? last : to);
}

static bool move(struct view *view, int key, const struct rows *rows)
{
	const long step = step_of(view, key);

	if (!step)
		return false;
	if (view->open || view->wants_help) {
		const size_t most = view->lines > view->visible ? view->lines - view->visible + 1 : 1;
		view->line = moved(view->line, step, most);
	} else if (rows->count) {
		view->selected = rows->rows[moved(view_settle(view, rows), step, rows->count)].key;
		view_settle(view, rows);
	}
	return true;
}

/* Opens a function or module to its places, and a place or label to its stacks. */
static void open_selected(struct view *view, const struct rows *rows, const struct study *study)
{
	const size_t at = view_settle(view, rows);

	if (at >= rows->count || !rows->rows[at].place || rows->rows[at].place->is_spread)
		return;
	const struct row *row = &rows->rows[at];
	view->line = 0;
	if (view->by == ROW_PLACE || view->by == ROW_LABEL) {
		view->selected = row->key;
		view->open = row->key;
		return;
	}
	snprintf(view->filter, sizeof view->filter, "%.*s", FILTER_BYTES - 1,
		 study_text(study, view->by == ROW_FUNCTION ? row->place->function : row->place->module));
	view->by = ROW_PLACE;
	view->selected = 0;
}

static bool type(struct view *view, int key)
{
	const size_t length = strlen(view->filter);

	if (key == KEY_CODE_ENTER || key == KEY_CODE_ESCAPE) {
		view->is_typing = false;
		if (key == KEY_CODE_ESCAPE)
			view->filter[0] = '\0';
	} else if (key == KEY_CODE_DELETE || key == '\b') {
		if (length)
			view->filter[length - 1] = '\0';
	} else if (key >= ' ' && key < 127 && length + 1 < sizeof view->filter) {
		view->filter[length] = (char)key;
		view->filter[length + 1] = '\0';
	}
	view->selected = 0;
	return true;
}

/* Leaves the stacks, the help or the filter. */
static bool leave(struct view *view)
{
	const bool was = view->open || view->wants_help || *view->filter;

	if (view->open || view->wants_help)
		view->line = 0;
	else
		view->filter[0] = '\0';
	view->open = 0;
	view->wants_help = false;
	return was;
}

static bool sort_by(struct view *view, enum row_sort sort)
{
	view->sort = sort;
	view->selected = 0;
	view->first = 0;
	return true;
}

bool view_key(struct view *view, int key, const struct rows *rows, const struct study *study)
{
	if (view->is_typing)
		return type(view, key);
	switch (key) {
	case 'q':
		view->wants_end = true;
		return true;
	case '?':
	case 'h':
		view->wants_help = !view->wants_help;
		view->line = 0;
		return true;
	case KEY_CODE_ESCAPE:
	case KEY_CODE_DELETE:
	case '\b':
		return leave(view);
	case 'p':
	case ' ':
		view->is_paused = !view->is_paused;
		return true;
	case 't':
		view->wants_snapshot = true;
		return true;
	case 'w':
		view->window = (enum window_length)((view->window + 1) % WINDOW_LENGTHS);
		return true;
	}
	if (view->open || view->wants_help)
		return move(view, key, rows);
	switch (key) {
	case KEY_CODE_ENTER:
		open_selected(view, rows, study);
		return true;
	case '/':
		view->is_typing = true;
		return true;
	case 'b':
		view->by = (enum row_by)((view->by + 1) % ROW_BYS);
		view->selected = 0;
		return true;
	case 'v':
		return sort_by(view, SORT_VERDICT);
	case 'g':
		return sort_by(view, SORT_GROWTH);
	case 'u':
		return sort_by(view, SORT_IN_USE);
	case 'c':
		return sort_by(view, SORT_CHURN);
	case 's':
		return sort_by(view, (enum row_sort)((view->sort + 1) % ROW_SORTS));
	default:
		return move(view, key, rows);
	}
}
