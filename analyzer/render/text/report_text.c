/* SPDX-License-Identifier: Apache-2.0 */
/* The report's table. Its first column has the bytes by which rows are sorted, with their interval; the other kind of
 * bytes comes last. */
#include "render/text/documents.h"

#include "render/words/estimate.h"
#include "render/text/head_text.h"
#include "render/text/stack_text.h"
#include "render/terminal/table.h"
#include "statistics/measure.h"

enum { CELL_BYTES, CELL_INTERVAL, CELL_SHARE, CELL_OBJECTS, CELL_OTHER, CELL_COUNT };

static void add_row(struct table *table, const struct inventory *inventory, const struct inventory_row *row)
{
	const bool by_allocated = inventory->order >= ORDER_ALLOCATED;
	const struct seep_measure *shown = by_allocated ? &row->allocated : &row->in_use;
	const struct seep_measure *other = by_allocated ? &row->in_use : &row->allocated;
	const bool has_bytes = profile_has(inventory->profile, by_allocated ? CALL_ALLOC_SPACE : CALL_INUSE_SPACE);
	const bool has_objects =
	    profile_has(inventory->profile, by_allocated ? CALL_ALLOC_OBJECTS : CALL_INUSE_OBJECTS);
	const bool has_other = profile_has(inventory->profile, by_allocated ? CALL_INUSE_SPACE : CALL_ALLOC_SPACE);
	const double bytes = sum_estimate(&shown->bytes);
	const struct quantity share = quantity_share(inventory_row_value(row, inventory->order),
						     inventory_row_value(&inventory->total, inventory->order));

	table_add_row(table);
	if (inventory->has_intervals && has_bytes) {
		const struct estimate_text text = estimate_bytes(
		    bytes, by_allocated ? inventory_allocated(inventory, row) : inventory_in_use(inventory, row),
		    inventory->profile);
		table_set(table, CELL_BYTES, STYLE_STRONG, text.value);
		table_set(table, CELL_INTERVAL, STYLE_PLAIN, text.interval);
	} else {
		table_set(table, CELL_BYTES, STYLE_STRONG, has_bytes ? quantity_bytes(bytes).text : "-");
		table_set(table, CELL_INTERVAL, STYLE_PLAIN, "-");
	}
	table_set(table, CELL_SHARE, STYLE_PLAIN, share.text);
	table_set(table, CELL_OBJECTS, STYLE_PLAIN,
		  has_objects ? quantity_count(sum_estimate(&shown->objects)).text : "-");
	table_set(table, CELL_OTHER, STYLE_PLAIN, has_other ? quantity_bytes(sum_estimate(&other->bytes)).text : "-");
}

static void write_rest(struct text_page *page, const struct inventory *inventory)
{
	const double whole = inventory_row_value(&inventory->total, inventory->order);
	const uint32_t more = inventory->worth - inventory->row_count;

	if (inventory->row_count < inventory->worth)
		text_write(page, STYLE_FAINT, "%u more %s%s with %s (--top=%u shows all)\n", more,
			   group_by_name(inventory->groups.by), more == 1 ? "" : "s",
			   quantity_share(inventory->the_rest, whole).text, inventory->worth);
}

/* Leaves out rows that have none of the value by which the table is sorted. */
void report_text_render(struct text_page *page, const struct inventory *inventory)
{
	const uint32_t shown = inventory->row_count < inventory->worth ? inventory->row_count : inventory->worth;
	const bool by_allocated = inventory->order >= ORDER_ALLOCATED;
	const struct table_column columns[CELL_COUNT + 1] = {
	    [CELL_BYTES] = {by_allocated ? "allocated" : "in use", false},
	    [CELL_INTERVAL] = {"[95 %]", true},
	    [CELL_SHARE] = {"share", false},
	    [CELL_OBJECTS] = {"objects", false},
	    [CELL_OTHER] = {by_allocated ? "in use" : "allocated", false},
	    [CELL_COUNT] = {group_title(inventory->groups.by), false},
	};
	struct table table;

	head_write_report(page, inventory);
	table_init(&table, columns, CELL_COUNT);
	for (uint32_t i = 0; i < shown; i++)
		add_row(&table, inventory, &inventory->rows[i]);
	add_row(&table, inventory, &inventory->total);
	inventory_write_rows(page, &table, inventory, shown);
	write_rest(page, inventory);
	table_free(&table);
}
