/* SPDX-License-Identifier: Apache-2.0 */
/* The diff's tables. A heading states the finding before its table. A section without rows is left out, except the
 * first one, which then says that nothing grows. */
#include "render/text/documents.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "render/words/churn_advice.h"
#include "render/words/estimate.h"
#include "render/text/head_text.h"
#include "render/text/place_text.h"
#include "render/text/stack_text.h"
#include "render/terminal/table.h"

#define WIDE_COLUMNS 100 /* from this width on there is room for one more column */

enum { CELL_GROWTH, CELL_INTERVAL, CELL_SHARE, CELL_OBJECTS, CELL_Q, GROWTH_CELLS };
enum { CELL_BYTES, CELL_CALLS, CELL_LIFETIME, CELL_SHORTLY, CELL_REMOTELY, CHURN_CELLS };

/* The rows of one section, as indices, and their heading. */
struct section {
	uint32_t *rows;
	uint32_t count, top;
	double bytes; /* growth of all of its rows */
};

static void section_add(struct section *section, const struct comparison *comparison, uint32_t index)
{
	section->rows[section->count++] = index;
	section->bytes += comparison->rows[index].growth_bytes;
}

/* The largest change comes first, whatever its sign. Rows are sorted by growth, so a section is walked from both
 * ends. */
static void section_fill(struct section *section, const struct comparison *comparison, enum verdict verdict,
			 uint32_t top)
{
	uint32_t low = 0, high = comparison->count;

	*section = (struct section){.rows = memory_allocate(comparison->count + 1u, sizeof *section->rows), .top = top};
	while (low < high) {
		const double up = comparison->rows[low].growth_bytes;
		const double down = -comparison->rows[high - 1].growth_bytes;
		const uint32_t next = up >= down ? low++ : --high;
		const struct comparison_row *row = &comparison->rows[next];
		if (row->verdict == verdict && (row->growth_bytes != 0 || row->changes > 0))
			section_add(section, comparison, next);
	}
}

static void add_growth_row(struct table *table, const struct comparison *comparison, const struct comparison_row *row)
{
	const enum text_style style = row->verdict == VERDICT_GROWING     ? STYLE_GROWN
				      : row->verdict == VERDICT_SHRINKING ? STYLE_SHRUNK
									  : STYLE_PLAIN;
	const double whole = row->growth_bytes > 0 ? comparison->grown_bytes : comparison->shrunk_bytes;
	char q[16] = "-";

	table_add_row(table);
	if (comparison->has_intervals) {
		const struct row_sums sums = comparison_sums(comparison, row);
		const struct estimate_text text = estimate_growth(
		    row->growth_bytes, comparison_growth(comparison, &sums), comparison->before, comparison->after);
		table_set(table, CELL_GROWTH, style, text.value);
		table_set(table, CELL_INTERVAL, STYLE_PLAIN, text.interval);
		if (!isnan(row->q))
			snprintf(q, sizeof q, row->q < 1e-4 ? "<1e-4" : "%.2g", row->q);
	} else {
		table_set(table, CELL_GROWTH, style, quantity_signed_bytes(row->growth_bytes).text);
		table_set(table, CELL_INTERVAL, STYLE_PLAIN, "-");
	}
	table_set(table, CELL_SHARE, STYLE_PLAIN, quantity_share(fabs(row->growth_bytes), whole).text);
	table_set(table, CELL_OBJECTS, STYLE_PLAIN,
		  comparison_has(comparison, CALL_INUSE_OBJECTS) ? quantity_signed_count(row->growth_objects).text
								 : "-");
	if (table->cell_count > CELL_Q)
		table_set(table, CELL_Q, STYLE_PLAIN, q);
}

static void write_more(struct text_page *page, uint32_t shown, uint32_t count)
{
	if (shown < count)
		text_write(page, STYLE_FAINT, "%u more (--top=%u shows all)\n", count - shown, count);
}

static void write_growth_table(struct text_page *page, const struct comparison *comparison,
			       const struct section *section)
{
	const bool is_wide = page->columns >= WIDE_COLUMNS;
	const enum group_by by = comparison->groups.by;
	const struct table_column columns[] = {
	    {"growth", false},
	    {"[95 %]", true},
	    {"share", false},
	    {"objects", false},
	    {is_wide ? "q" : group_title(by), false},
	    {group_title(by), false},
	};
	const uint32_t shown = section->count < section->top ? section->count : section->top;
	struct table table;

	table_init(&table, columns, is_wide ? GROWTH_CELLS : CELL_Q);
	for (uint32_t i = 0; i < shown; i++)
		add_growth_row(&table, comparison, &comparison->rows[section->rows[i]]);
	table_write_titles(&table, page);
	for (uint32_t i = 0; i < shown; i++) {
		group_write_row(page, &table, i, &comparison->groups.groups[comparison->rows[section->rows[i]].group],
				by);
	}
	write_more(page, shown, section->count);
	table_free(&table);
}

static const char *plural(uint32_t count)
{
	return count == 1 ? "" : "s";
}

/* "GROWING  3 of 9 places, +118 MiB together (at most 1 in 20 by chance)". */
static void write_section(struct text_page *page, const struct comparison *comparison, const struct section *section,
			  enum verdict verdict)
{
	static const struct {
		enum text_style style;
		const char *label, *more;
	} headings[] = {
	    [VERDICT_NONE] = {STYLE_STRONG, "CHANGED", "; it is not known how sure that is"},
	    [VERDICT_STEADY] = {STYLE_STRONG, "NO SURE CHANGE", ": each may be chance"},
	    [VERDICT_GROWING] = {STYLE_GROWN, "GROWING", " (at most 1 in 20 by chance)"},
	    [VERDICT_SHRINKING] = {STYLE_SHRUNK, "SHRINKING", " (at most 1 in 20 by chance)"},
	    [VERDICT_UNKNOWN] = {STYLE_WARNING, "CAN'T BE TOLD", ": of so many, one may be chance"},
	};
	const char *by = group_by_name(comparison->groups.by);
	struct buffer text = {0};

	if (section->count == 0)
		return;
	buffer_printf(&text, "%u of %u %s%s, %s together%s", section->count, comparison->count, by,
		      plural(comparison->count), quantity_signed_bytes(section->bytes).text, headings[verdict].more);
	buffer_append_byte(page->out, '\n');
	text_write_labelled(page, headings[verdict].style, headings[verdict].label, text.data);
	buffer_free(&text);
	write_growth_table(page, comparison, section);
}

/* Growth over many places, after growth in single ones. */
static void write_spreads(struct text_page *page, const struct comparison *comparison)
{
	const struct spreads *spreads = &comparison->spreads;
	const struct table_column columns[] = {{"growth", false}, {"[95 %]", true}, {"share", false}, {"where", false}};
	struct table table;
	double bytes = 0;

	if (!spreads->count)
		return;
	table_init(&table, columns, CELL_OBJECTS);
	for (uint32_t i = 0; i < spreads->count; i++) {
		const struct spread_place *spread = &spreads->items[i];
		const struct estimate_text text =
		    estimate_growth(spread->growth, spread->growth_bytes, comparison->before, comparison->after);
		bytes += spread->growth;
		table_add_row(&table);
		table_set(&table, CELL_GROWTH, STYLE_GROWN, text.value);
		table_set(&table, CELL_INTERVAL, STYLE_PLAIN, text.interval);
		table_set(&table, CELL_SHARE, STYLE_PLAIN,
			  quantity_share(spread->growth, comparison->grown_bytes).text);
	}
	struct buffer text = {0};
	buffer_printf(&text, "%u spread over many, %s together (at most 1 in 20 by chance)", spreads->count,
		      quantity_signed_bytes(bytes).text);
	buffer_append_byte(page->out, '\n');
	text_write_labelled(page, STYLE_GROWN, "GROWING TOGETHER", text.data);
	buffer_free(&text);
	table_write_titles(&table, page);
	for (uint32_t i = 0; i < spreads->count; i++) {
		table_write_cells(&table, page, i);
		spread_write(page, &spreads->items[i], table_text_start(&table));
	}
	table_free(&table);
}

static void write_no_growth(struct text_page *page)
{
	buffer_append_byte(page->out, '\n');
	text_write(page, STYLE_STRONG, "NOTHING GROWS");
	buffer_append_text(page->out, " by more than chance explains\n");
}

static void add_churn_row(struct table *table, const struct churn *churn)
{
	const bool has_freed = !isnan(churn->shortly);

	table_add_row(table);
	table_set(table, CELL_BYTES, STYLE_STRONG, quantity_bytes_rate(churn->bytes_per_second).text);
	table_set(table, CELL_CALLS, STYLE_PLAIN, quantity_count_rate(churn->allocations_per_second).text);
	table_set(table, CELL_LIFETIME, STYLE_PLAIN, quantity_duration(churn->median_lifetime_ns).text);
	table_set(table, CELL_SHORTLY, STYLE_PLAIN, has_freed ? quantity_share(churn->shortly, 1).text : "-");
	if (table->cell_count > CELL_REMOTELY)
		table_set(table, CELL_REMOTELY, STYLE_PLAIN, has_freed ? quantity_share(churn->remotely, 1).text : "-");
}

static void write_advice(struct text_page *page, const struct churn *churn)
{
	for (int i = 0; i < CHURN_PATTERNS; i++) {
		struct buffer text = {0};
		if (churn_advice_append(&text, churn, (enum churn_pattern)i))
			text_write_words(page, STYLE_FAINT, text.data, CALLER_INDENT);
		buffer_free(&text);
	}
}

static void write_churn(struct text_page *page, const struct comparison *comparison, uint32_t top)
{
	const bool is_wide = page->columns >= WIDE_COLUMNS;
	const enum group_by by = comparison->groups.by;
	const struct table_column columns[] = {
	    {"bytes/s", false},
	    {"allocs/s", false},
	    {"median life", false},
	    {"< 1 ms", false},
	    {is_wide ? "by other thread" : group_title(by), false},
	    {group_title(by), false},
	};
	const uint32_t shown = comparison->churn_count < top ? comparison->churn_count : top;
	struct table table;

	if (shown == 0)
		return;
	buffer_append_byte(page->out, '\n');
	struct buffer text = {0};
	buffer_printf(&text, "%u %s%s allocated at least %d times what is still in use", comparison->churn_count,
		      group_by_name(by), plural(comparison->churn_count), CHURN_TURNOVER);
	text_write_labelled(page, STYLE_STRONG, "CHURN", text.data);
	buffer_free(&text);
	table_init(&table, columns, is_wide ? CHURN_CELLS : CELL_REMOTELY);
	for (uint32_t i = 0; i < shown; i++) {
		const struct churn churn = comparison_churn(comparison, &comparison->rows[comparison->churn[i]]);
		add_churn_row(&table, &churn);
	}
	table_write_titles(&table, page);
	for (uint32_t i = 0; i < shown; i++) {
		const struct comparison_row *row = &comparison->rows[comparison->churn[i]];
		group_write_row(page, &table, i, &comparison->groups.groups[row->group], by);
		const struct churn churn = comparison_churn(comparison, row);
		write_advice(page, &churn);
	}
	write_more(page, shown, comparison->churn_count);
	table_free(&table);
}

void diff_text_render(struct text_page *page, const struct comparison *comparison, uint32_t top)
{
	static const struct {
		enum verdict verdict;
		uint32_t top;
	} defaults[] = {{VERDICT_GROWING, 10},
			{VERDICT_SHRINKING, 5},
			{VERDICT_UNKNOWN, 5},
			{VERDICT_STEADY, 3},
			{VERDICT_NONE, 10}};
	enum { SECTIONS = sizeof defaults / sizeof *defaults };
	struct section sections[SECTIONS];

	for (int i = 0; i < SECTIONS; i++)
		section_fill(&sections[i], comparison, defaults[i].verdict, top ? top : defaults[i].top);
	head_write_diff(page, comparison);
	if (comparison->has_intervals && sections[0].count == 0 && comparison->spreads.count == 0)
		write_no_growth(page);
	write_section(page, comparison, &sections[0], defaults[0].verdict);
	write_spreads(page, comparison);
	for (int i = 1; i < SECTIONS; i++)
		write_section(page, comparison, &sections[i], defaults[i].verdict);
	write_churn(page, comparison, top ? top : 5);
	for (int i = 0; i < SECTIONS; i++)
		free(sections[i].rows);
}
