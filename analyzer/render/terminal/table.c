/* SPDX-License-Identifier: Apache-2.0 */
/* Cells are aligned to the right, two blanks apart, unless they are joined; a column is as wide as its widest cell or
 * title. */
#include "render/terminal/table.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"

#define GAP 2

void table_init(struct table *table, const struct table_column *columns, unsigned cell_count)
{
	*table = (struct table){.columns = columns, .cell_count = cell_count};
	for (unsigned i = 0; i < cell_count; i++)
		table->widths[i] = text_columns(columns[i].title);
}

void table_free(struct table *table)
{
	free(table->cells);
	*table = (struct table){0};
}

void table_add_row(struct table *table)
{
	if (table->row_count == table->row_capacity) {
		table->row_capacity = table->row_capacity ? 2 * table->row_capacity : 16;
		table->cells =
		    memory_resize(table->cells, table->row_capacity, table->cell_count * sizeof *table->cells);
	}
	for (unsigned i = 0; i < table->cell_count; i++)
		table->cells[table->row_count * table->cell_count + i] = (struct table_cell){.style = STYLE_PLAIN};
	table->row_count++;
}

void table_set(struct table *table, unsigned column, enum text_style style, const char *text)
{
	struct table_cell *cell = &table->cells[(table->row_count - 1) * table->cell_count + column];

	cell->style = style;
	snprintf(cell->text, sizeof cell->text, "%s", text);
	const unsigned width = text_columns(cell->text);
	if (width > table->widths[column])
		table->widths[column] = width;
}

/* The number of blanks behind a column. */
static unsigned column_gap(const struct table *table, unsigned column)
{
	return column + 1 < table->cell_count && table->columns[column + 1].is_joined ? 1 : GAP;
}

unsigned table_text_start(const struct table *table)
{
	unsigned start = 0;

	for (unsigned i = 0; i < table->cell_count; i++)
		start += table->widths[i] + column_gap(table, i);
	return start;
}

static void write_aligned(const struct table *table, struct text_page *page, unsigned column, enum text_style style,
			  const char *text)
{
	const unsigned pad = table->widths[column] - text_columns(text);
	const unsigned gap = column_gap(table, column);
	const bool is_left = table->columns[column].is_joined;

	buffer_printf(page->out, "%*s", is_left ? 0 : (int)pad, "");
	text_write(page, style, "%s", text);
	buffer_printf(page->out, "%*s", (int)(is_left ? pad + gap : gap), "");
}

void table_write_titles(const struct table *table, struct text_page *page)
{
	for (unsigned i = 0; i < table->cell_count; i++)
		write_aligned(table, page, i, STYLE_FAINT, table->columns[i].title);
	text_write(page, STYLE_FAINT, "%s", table->columns[table->cell_count].title);
	buffer_append_byte(page->out, '\n');
}

void table_write_cells(const struct table *table, struct text_page *page, size_t row)
{
	for (unsigned i = 0; i < table->cell_count; i++) {
		const struct table_cell *cell = &table->cells[row * table->cell_count + i];
		write_aligned(table, page, i, cell->style, cell->text);
	}
}
