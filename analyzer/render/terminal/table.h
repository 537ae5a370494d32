/* SPDX-License-Identifier: Apache-2.0 */
/* An aligned table: columns of short cells, then one text that takes the rest of the page. Cells are filled first, so
 * that the text's width is known before it is cut to it; the caller then writes row by row, and may write lines of its
 * own between the rows. */
#ifndef SEEP_TERMINAL_TABLE_H
#define SEEP_TERMINAL_TABLE_H

#include "render/terminal/text_page.h"

#define TABLE_COLUMNS_MAX 8
#define TABLE_CELL 32

struct table_cell {
	char text[TABLE_CELL];
	enum text_style style;
};

struct table_column {
	const char *title;
	bool is_joined; /* belongs to the column before it: one blank apart, aligned to the left */
};

struct table {
	const struct table_column *columns; /* of the cells, then of the text; not owned */
	unsigned cell_count;                /* in a row */
	struct table_cell *cells;           /* row by row */
	size_t row_count, row_capacity;
	unsigned widths[TABLE_COLUMNS_MAX]; /* in columns of the page: of the widest cell or the title */
};

void table_init(struct table *table, const struct table_column *columns, unsigned cell_count);
void table_free(struct table *table);

/* Starts a row; its cells are then set from left to right, TABLE_CELL - 1 bytes at most. */
void table_add_row(struct table *table);
void table_set(struct table *table, unsigned column, enum text_style style, const char *text);

/* The column where the text begins, for lines under it. */
unsigned table_text_start(const struct table *table);

void table_write_titles(const struct table *table, struct text_page *page);
/* One row up to where its text begins; the text and the newline are the caller's. */
void table_write_cells(const struct table *table, struct text_page *page, size_t row);

#endif
