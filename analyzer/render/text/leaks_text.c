/* SPDX-License-Identifier: Apache-2.0 */
/* A section for each verdict, below a heading that states what was found. */
#include "render/text/documents.h"

#include <math.h>
#include <stdlib.h>

#include "files/path.h"
#include "render/terminal/name_text.h"
#include "render/words/churn_advice.h"
#include "render/words/estimate.h"
#include "render/text/head_text.h"
#include "render/text/place_text.h"
#include "render/words/finding.h"
#include "render/words/leak_evidence.h"
#include "render/words/leak_sentence.h"
#include "render/text/stack_text.h"
#include "render/terminal/table.h"
#include "statistics/measure.h"

enum { CELL_VALUE, CELL_INTERVAL, CELL_IN_USE, CELLS };

static void add_row(struct table *table, const struct leaks *leaks, const struct leak_row *row, bool has_intervals)
{
	struct estimate_text text = {"-", "-"};
	enum text_style style = STYLE_PLAIN;

	if (row->verdict == LEAK_LEAK) {
		const double unit = leak_unit_for(leaks->seconds).seconds;
		text =
		    estimate_bytes(row->leak_rate * unit, interval_times(row->leak_interval, unit), leaks->reference);
		style = STYLE_GROWN;
	} else if (has_intervals) {
		text = estimate_growth(row->growth, row->growth_bytes, leaks->middle, leaks->reference);
		style = row->verdict == LEAK_GROWING ? STYLE_WARNING : STYLE_PLAIN;
	}
	table_add_row(table);
	table_set(table, CELL_VALUE, style, text.value);
	table_set(table, CELL_INTERVAL, STYLE_PLAIN, text.interval);
	table_set(table, CELL_IN_USE, STYLE_PLAIN, quantity_bytes(sum_estimate(&row->in_use.bytes)).text);
}

/* Writes why, and what the user can do. */
static void write_evidence(struct text_page *page, const struct leaks *leaks, const struct leak_row *row)
{
	struct buffer text = {0};

	leak_evidence_append(&text, leaks, row);
	text_write_words(page, STYLE_PLAIN, text.data, CALLER_INDENT);
	buffer_free(&text);
	if (leak_references_append(&text, row))
		text_write_words(page, STYLE_PLAIN, text.data, CALLER_INDENT);
	buffer_free(&text);
	if (row->verdict == LEAK_LEAK)
		leak_caution_append(&text, leaks, row);
	if (text.length)
		text_write_words(page, STYLE_WARNING, text.data, CALLER_INDENT);
	buffer_free(&text);
	for (int i = 0; i < CHURN_PATTERNS && row->churn.hotspot; i++) {
		if (churn_advice_append(&text, &row->churn, (enum churn_pattern)i))
			text_write_words(page, STYLE_FAINT, text.data, CALLER_INDENT);
		buffer_free(&text);
	}
}

static void write_table(struct text_page *page, const struct leaks *leaks, enum leak_verdict verdict, uint32_t top)
{
	const enum group_by by = leaks->groups.by;
	const struct table_column columns[] = {
	    {verdict == LEAK_LEAK ? leak_unit_for(leaks->seconds).name : "growth", false},
	    {"[95 %]", true},
	    {"in use", false},
	    {group_title(by), false},
	};
	uint32_t count;
	struct leak_row *rows = leaks_rows_and_spreads(leaks, verdict, &count);
	const uint32_t shown = count < top ? count : top;
	struct table table;

	table_init(&table, columns, CELLS);
	for (uint32_t i = 0; i < shown; i++)
		add_row(&table, leaks, &rows[i], leaks->reference->rate > 0);
	table_write_titles(&table, page);
	for (uint32_t i = 0; i < shown; i++) {
		if (rows[i].spread) {
			table_write_cells(&table, page, i);
			spread_write(page, &rows[i].spread->place, table_text_start(&table));
		} else {
			group_write_row(page, &table, i, &leaks->groups.groups[rows[i].group], by);
		}
		write_evidence(page, leaks, &rows[i]);
	}
	if (shown < count)
		text_write(page, STYLE_FAINT, "%u more (--top=%u shows all)\n", count - shown, count);
	table_free(&table);
	free(rows);
}

static void write_limit(struct text_page *page, const struct leaks *leaks)
{
	struct buffer text = {0};

	if (finding_append_limit(&text, leaks))
		text_write_words(page, STYLE_WARNING, text.data, 0);
	buffer_free(&text);
}

void leaks_finding_write(struct text_page *page, const struct leaks *leaks, const struct series *series)
{
	const bool of_mappings = series->reference->is_of_mappings;
	struct buffer text = {0};

	buffer_append_byte(page->out, '\n');
	finding_append(&text, leaks, series);
	switch (finding_of(leaks)) {
	case FINDING_NO_VERDICT:
		text_write_labelled(page, STYLE_WARNING,
				    leaks->possible_in_s > 0 && leaks->goes_on ? "NO VERDICT YET" : "NO VERDICT",
				    text.data);
		break;
	case FINDING_NOTHING:
		text_write(page, STYLE_STRONG,
			   of_mappings                    ? "NO MAPPING LEAKS"
			   : series_mappings_grew(series) ? "NOTHING OF THE HEAP LEAKS"
							  : "NOTHING LEAKS");
		buffer_printf(page->out, " %s\n", text.data);
		break;
	case FINDING_LEAKS:
		text_write_labelled(page, STYLE_GROWN, of_mappings ? "MAPPINGS LEAK" : "LEAKING", text.data);
	}
	buffer_free(&text);
}

/* "STEADY  5 of 9 places, 20 MiB in use: level, filled at the start, or up and down". */
static void write_heading(struct text_page *page, const struct leaks *leaks, enum leak_verdict verdict)
{
	static const struct {
		enum text_style style;
		const char *label, *means;
	} headings[LEAK_VERDICTS] = {
	    [LEAK_GROWING] = {STYLE_WARNING, "GROWING",
			      "no proven leaks: caches that fill, or too little seen to tell"},
	    [LEAK_STOPPED] = {STYLE_STRONG, "STOPPED", "grew, then stopped"},
	    [LEAK_UNKNOWN] = {STYLE_WARNING, "CAN'T BE TOLD", "in this time, or at this rate"},
	    [LEAK_STEADY] = {STYLE_STRONG, "STEADY", "level, filled at the start, or up and down"},
	    [LEAK_CHURN] = {STYLE_STRONG, "CHURN", "comes and goes, at least ten times what is in use"},
	};
	const char *by = group_by_name(leaks->groups.by);
	const uint32_t count = leaks->verdicts[verdict], spread = leaks_spread_count(leaks, verdict);
	struct buffer text = {0};

	if (count) {
		buffer_printf(&text, "%u of %u %s%s, ", count, leaks->count, by, leaks->count == 1 ? "" : "s");
		verdict_amount_append(&text, leaks, verdict);
	}
	if (spread)
		buffer_printf(&text, "%s%u spread over many", count ? " and " : "", spread);
	buffer_printf(&text, ": %s", headings[verdict].means);
	buffer_append_byte(page->out, '\n');
	text_write_labelled(page, headings[verdict].style, headings[verdict].label, text.data);
	buffer_free(&text);
}

void leaks_text_render(struct text_page *page, const struct leaks *leaks, const struct series *series, uint32_t top)
{
	static const uint32_t tops[LEAK_VERDICTS] = {[LEAK_LEAK] = 10,   [LEAK_GROWING] = 10, [LEAK_STOPPED] = 5,
						     [LEAK_UNKNOWN] = 5, [LEAK_STEADY] = 3,   [LEAK_CHURN] = 3};

	head_write_leaks(page, leaks, series);
	head_write_elsewhere(page, leaks);
	leaks_finding_write(page, leaks, series);
	if (finding_of(leaks) == FINDING_LEAKS)
		write_limit(page, leaks);
	for (int verdict = 0; verdict < LEAK_VERDICTS; verdict++) {
		if (leaks->verdicts[verdict] + leaks_spread_count(leaks, (enum leak_verdict)verdict) == 0)
			continue;
		if (verdict != LEAK_LEAK)
			write_heading(page, leaks, (enum leak_verdict)verdict);
		write_table(page, leaks, (enum leak_verdict)verdict, top ? top : tops[verdict]);
	}
}
