/* SPDX-License-Identifier: Apache-2.0 */
/* `seep report --residency`: of what each place has in use, what is in memory. */
#include "account/residency.h"
#include "render/terminal/table.h"
#include "render/text/documents.h"
#include "render/text/head_text.h"
#include "render/text/stack_text.h"
#include "render/words/estimate.h"
#include "statistics/measure.h"

enum { CELL_USED, CELL_RESIDENT, CELL_INTERVAL, CELL_SWAPPED, CELL_UNTOUCHED, CELL_COUNT };
enum { CALLER_INDENT = 4, CALLERS = 3 };

static void set_part(struct table *table, unsigned cell, const struct seep_measure *part)
{
	const double bytes = sum_estimate(&part->bytes);

	table_set(table, cell, STYLE_PLAIN, bytes >= 1 ? quantity_bytes(bytes).text : "");
}

static void row_add(struct table *table, const struct inventory *inventory, const struct inventory_row *row,
		    const struct residency *residency)
{
	const struct seep_sum *resident = &residency->resident.bytes;
	const struct interval interval = sum_interval(resident, unseen_bytes((double)inventory->profile->rate), ALPHA);
	const struct estimate_text text = estimate_bytes(sum_estimate(resident), interval, inventory->profile);

	table_add_row(table);
	table_set(table, CELL_USED, STYLE_PLAIN, quantity_bytes(sum_estimate(&row->in_use.bytes)).text);
	table_set(table, CELL_RESIDENT, STYLE_STRONG, text.value);
	table_set(table, CELL_INTERVAL, STYLE_PLAIN, text.interval);
	set_part(table, CELL_SWAPPED, &residency->swapped);
	set_part(table, CELL_UNTOUCHED, &residency->untouched);
}

void residency_text_render(struct text_page *page, const struct inventory *inventory, const struct residency *rows)
{
	const uint32_t shown = inventory->row_count < inventory->worth ? inventory->row_count : inventory->worth;
	const enum group_by by = inventory->groups.by;
	const struct table_column columns[CELL_COUNT + 1] = {[CELL_USED] = {"in use", false},
							     [CELL_RESIDENT] = {"in memory", false},
							     [CELL_INTERVAL] = {"[95 %]", true},
							     [CELL_SWAPPED] = {"swapped", false},
							     [CELL_UNTOUCHED] = {"never touched", false},
							     [CELL_COUNT] = {group_title(by), false}};
	struct table table;

	head_write_report(page, inventory);
	table_init(&table, columns, CELL_COUNT);
	for (uint32_t i = 0; i < shown; i++)
		row_add(&table, inventory, &inventory->rows[i], &rows[i]);
	row_add(&table, inventory, &inventory->total, &rows[inventory->row_count]);
	buffer_append_byte(page->out, '\n');
	table_write_titles(&table, page);
	for (uint32_t i = 0; i < shown; i++) {
		const struct group *group = &inventory->groups.groups[inventory->rows[i].group];
		table_write_cells(&table, page, i);
		group_write_name(page, group, by, table_text_start(&table), CALLER_INDENT);
		group_write_callers(page, group, by, CALLER_INDENT, CALLERS);
	}
	table_write_cells(&table, page, shown);
	text_write(page, STYLE_PLAIN, "in all, %u %s%s\n", inventory->count, group_by_name(by),
		   inventory->count == 1 ? "" : "s");
	table_free(&table);
}
