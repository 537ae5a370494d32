/* SPDX-License-Identifier: Apache-2.0 */
/* What the reader has chosen, and the keys that choose it. */
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
	bool is_typing; /* the filter */
	bool is_paused, wants_help, wants_snapshot, wants_end;
	uint64_t selected;     /* row.key; 0: the first */
	unsigned columns;      /* of the screen */
	size_t first, visible; /* row on the top of the table, and how many there is room for */
	uint64_t open;         /* key of the place whose stacks are shown; 0: none */
	size_t line, lines;    /* of the stacks or the help: on the top, and how many there are */
};

/* What a key does. `rows`: those that are shown. False: nothing has changed. */
bool view_key(struct view *view, int key, const struct rows *rows, const struct study *study);
/* The selected row is among those that are shown. Gives its index; 0 if there is none. */
size_t view_settle(struct view *view, const struct rows *rows);

#endif
