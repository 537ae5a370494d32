/* SPDX-License-Identifier: Apache-2.0 */
/* An aligned table: columns of short cells, then one text that takes the rest of the page. The caller fills the cells
 * first, so that the text's width is known before it is cut; it then writes row by row, and may write its own lines
 * between rows. */
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
	bool is_joined; /* joined to the column before it: one blank apart, aligned to the left */
};

struct table {
	const struct table_column *columns; /* the cells' columns, then the text's; not owned */
	unsigned cell_count;                /* cells in a row */
	struct table_cell *cells;           /* row by row */
	size_t row_count, row_capacity;
	unsigned widths[TABLE_COLUMNS_MAX]; /* in columns of the page: the width of the widest cell or the title */
};

void table_init(struct table *table, const struct table_column *columns, unsigned cell_count);
void table_free(struct table *table);

/* Starts a row; set its cells from left to right, each of at most TABLE_CELL - 1 bytes. */
void table_add_row(struct table *table);
void table_set(struct table *table, unsigned column, enum text_style style, const char *text);

/* The column in which the text begins, for lines below it. */
unsigned table_text_start(const struct table *table);

void table_write_titles(const struct table *table, struct text_page *page);
/* Writes a row's cells; the caller writes the text and the newline. */
void table_write_cells(const struct table *table, struct text_page *page, size_t row);

#endif
