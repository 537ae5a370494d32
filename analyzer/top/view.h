/* SPDX-License-Identifier: Apache-2.0 */
/* The reader's choices, and the keys that make them. */
#ifndef SEEP_TOP_VIEW_H
#define SEEP_TOP_VIEW_H

#include <stdbool.h>

#include "top/data/rows.h"

/* Keys that are not characters. */
enum {
	KEY_CODE_UP = 0x110000,
	KEY_CODE_DOWN,
	KEY_CODE_PAGE_UP,
	KEY_CODE_PAGE_DOWN,
	KEY_CODE_HOME,
	KEY_CODE_END,
	KEY_CODE_RESIZE
};
enum { KEY_CODE_ENTER = '\n', KEY_CODE_ESCAPE = 27, KEY_CODE_DELETE = 127 };

#define FILTER_BYTES 48

struct view {
	enum row_by by;
	enum row_sort sort;
	enum window_length window;
	char filter[FILTER_BYTES];
	bool is_typing; /* the filter is being typed */
	bool is_paused, wants_help, wants_snapshot, wants_end;
	uint64_t selected;     /* row.key; 0: the first row */
	unsigned columns;      /* of the screen */
	size_t first, visible; /* the row at the table's top, and how many rows fit */
	uint64_t open;         /* key of the place whose stacks are open; 0: none */
	size_t line, lines;    /* in the stacks or the help: the line at the top, and how many there are */
};

/* Does what a key asks for. `rows`: the rows that are shown. False: nothing has changed. */
bool view_key(struct view *view, int key, const struct rows *rows, const struct study *study);
/* Makes sure that the selected row is among those shown. Returns its index; 0 if there are no rows. */
size_t view_settle(struct view *view, const struct rows *rows);

#endif
