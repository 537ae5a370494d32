/* SPDX-License-Identifier: Apache-2.0 */
/* `seep report --residency` and `--contents`: the in-use bytes of each place, split into parts. */
#include "account/parts.h"
#include "render/terminal/table.h"
#include "render/text/documents.h"
#include "render/text/head_text.h"
#include "render/text/stack_text.h"
#include "render/words/estimate.h"
#include "statistics/measure.h"

enum { CELL_USED, CELL_FIRST, CELL_INTERVAL, CELL_OTHERS, CELLS_MOST = CELL_OTHERS + PARTS - 1 };

static void set_part(struct table *table, unsigned cell, const struct seep_measure *part)
{
	const double bytes = sum_estimate(&part->bytes);

	table_set(table, cell, STYLE_PLAIN, bytes >= 1 ? quantity_bytes(bytes).text : "");
}

/* A part that no place has any of gets no column. */
static bool is_shown(const struct inventory *inventory, const struct parts *parts, unsigned part)
{
	return part_names[parts->kind][part].title &&
	       sum_estimate(&parts->rows[inventory->row_count].of[part].bytes) >= 1;
}

/* Adds the inventory's row at `index`; behind the last one is the total. */
static void row_add(struct table *table, const struct inventory *inventory, const struct parts *parts, uint32_t index)
{
	const struct inventory_row *row = index < inventory->row_count ? &inventory->rows[index] : &inventory->total;
	const struct seep_sum *first = &parts->rows[index].of[0].bytes;
	const struct interval interval = sum_interval(first, unseen_bytes((double)inventory->profile->rate), ALPHA);
	const struct estimate_text text = estimate_bytes(sum_estimate(first), interval, inventory->profile);

	table_add_row(table);
	table_set(table, CELL_USED, STYLE_PLAIN, quantity_bytes(sum_estimate(&row->in_use.bytes)).text);
	table_set(table, CELL_FIRST, STYLE_STRONG, text.value);
	table_set(table, CELL_INTERVAL, STYLE_PLAIN, text.interval);
	for (unsigned part = 1, cell = CELL_OTHERS; part < PARTS; part++)
		if (is_shown(inventory, parts, part))
			set_part(table, cell++, &parts->rows[index].of[part]);
}

void parts_text_render(struct text_page *page, const struct inventory *inventory, const struct parts *parts)
{
	const uint32_t shown = inventory->row_count < inventory->worth ? inventory->row_count : inventory->worth;
	const struct part_name *names = part_names[parts->kind];
	struct table_column columns[CELLS_MOST + 1] = {[CELL_USED] = {"in use", false},
						       [CELL_FIRST] = {names[0].title, false},
						       [CELL_INTERVAL] = {"[95 %]", true}};
	unsigned cells = CELL_OTHERS;
	struct table table;

	for (unsigned part = 1; part < PARTS; part++)
		if (is_shown(inventory, parts, part))
			columns[cells++].title = names[part].title;
	columns[cells].title = group_title(inventory->groups.by);
	head_write_report(page, inventory);
	if (parts->kind == PARTS_COLD)
		text_write(page, STYLE_PLAIN, "cold: no byte changed in %u looks over %s\n",
			   inventory->profile->content_looks,
			   quantity_duration((double)inventory->profile->content_ns).text);
	table_init(&table, columns, cells);
	for (uint32_t i = 0; i < shown; i++)
		row_add(&table, inventory, parts, i);
	row_add(&table, inventory, parts, inventory->row_count);
	inventory_write_rows(page, &table, inventory, shown);
	table_free(&table);
}
