/* SPDX-License-Identifier: Apache-2.0 */
/* A section for each verdict; the first one says in words what was found. */
#include "render/text/documents.h"

#include <math.h>

#include "render/words/churn_advice.h"
#include "render/words/estimate.h"
#include "render/text/head_text.h"
#include "render/words/leak_evidence.h"
#include "render/words/leak_sentence.h"
#include "render/text/stack_text.h"
#include "render/text/table.h"
#include "statistics/measure.h"

#define CALLER_INDENT 4
#define CALLERS 3

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

/* Why, and what could be done. */
static void write_evidence(struct text_page *page, const struct leaks *leaks, const struct leak_row *row)
{
	struct buffer text = {0};

	leak_evidence_append(&text, leaks, row);
	text_write_words(page, STYLE_PLAIN, text.data, CALLER_INDENT);
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
	    {group_by_name(by), false},
	};
	const struct leak_row *rows = leaks_rows(leaks, verdict);
	const uint32_t count = leaks->verdicts[verdict];
	const uint32_t shown = count < top ? count : top;
	struct table table;

	table_init(&table, columns, CELLS);
	for (uint32_t i = 0; i < shown; i++)
		add_row(&table, leaks, &rows[i], leaks->reference->rate > 0);
	table_write_titles(&table, page);
	for (uint32_t i = 0; i < shown; i++) {
		const struct group *group = &leaks->groups.groups[rows[i].group];
		table_write_cells(&table, page, i);
		group_write_name(page, group, by, table_text_start(&table), CALLER_INDENT);
		group_write_callers(page, group, by, CALLER_INDENT, CALLERS);
		write_evidence(page, leaks, &rows[i]);
	}
	if (shown < count)
		text_write(page, STYLE_FAINT, "%u more (--top=%u shows them)\n", count - shown, count);
	table_free(&table);
}

static void write_limit(struct text_page *page, const struct leaks *leaks)
{
	struct leak_limit limit;
	struct buffer text = {0};

	if (!leaks_limit(leaks, &limit) || limit.seconds > LEAK_HORIZON * leaks->seconds)
		return;
	buffer_printf(&text, "At that pace the %s of %s is reached in %s", limit.name, quantity_bytes(limit.limit).text,
		      quantity_duration(limit.seconds * 1e9).text);
	if (limit.bound.high < 1e10)
		buffer_printf(&text, " [%s, %s]", quantity_duration(limit.bound.low * 1e9).text,
			      quantity_duration(limit.bound.high * 1e9).text);
	buffer_append_byte(&text, '.');
	text_write_words(page, STYLE_WARNING, text.data, 0);
	buffer_free(&text);
}

/* What is sure, and what has its cautions. */
static const char *cautions_in_words(const struct leaks *leaks)
{
	uint32_t sure = 0;

	for (uint32_t i = 0; i < leaks->verdicts[LEAK_LEAK]; i++)
		sure += leak_is_sure(&leaks->rows[i]);
	return sure == leaks->verdicts[LEAK_LEAK] ? "" : sure ? ", some with cautions" : ", with cautions";
}

/* The finding, in words. */
static void write_finding(struct text_page *page, const struct leaks *leaks, const struct series *series)
{
	const char *by = group_by_name(leaks->groups.by);
	const uint32_t count = leaks->verdicts[LEAK_LEAK];

	buffer_append_byte(page->out, '\n');
	if (!leaks->can_judge) {
		struct buffer text = {0};
		buffer_append_text(&text, "No verdicts: ");
		leak_want_append(&text, leaks, series);
		text_write_words(page, STYLE_WARNING, text.data, 0);
		buffer_free(&text);
	} else if (count == 0) {
		text_write(page, STYLE_STRONG, "No %s leaks, as far as %s of recording can show.", by,
			   quantity_duration(leaks->seconds * 1e9).text);
		buffer_append_byte(page->out, '\n');
	} else {
		const struct leak_unit unit = leak_unit_for(leaks->seconds);
		const struct estimate_text rate =
		    estimate_bytes(leaks->leak_rate * unit.seconds, interval_times(leaks->leak_interval, unit.seconds),
				   leaks->reference);
		text_write(page, STYLE_STRONG, "%u of %u %ss %s%s: %s %s %s together.", count, leaks->count, by,
			   count == 1 ? "leaks" : "leak", cautions_in_words(leaks), rate.value, rate.interval,
			   unit.name);
		buffer_append_byte(page->out, '\n');
		write_limit(page, leaks);
	}
}

void leaks_text_render(struct text_page *page, const struct leaks *leaks, const struct series *series, uint32_t top)
{
	static const struct {
		uint32_t top;
		const char *one, *many;
	} sections[LEAK_VERDICTS] = {
	    [LEAK_LEAK] = {10, NULL, NULL},
	    [LEAK_GROWING] = {10, "grows, and is no proven leak.", "grow, and are no proven leaks."},
	    [LEAK_STOPPED] = {5, "grew, and has stopped.", "grew, and have stopped."},
	    [LEAK_UNKNOWN] = {5, "can't be told.", "can't be told."},
	    [LEAK_STEADY] = {3, "is steady.", "are steady."},
	    [LEAK_CHURN] = {3, "churns: its memory comes and goes.", "churn: their memory comes and goes."},
	};
	const char *by = group_by_name(leaks->groups.by);

	head_write_leaks(page, leaks);
	write_finding(page, leaks, series);
	for (int verdict = 0; verdict < LEAK_VERDICTS; verdict++) {
		const uint32_t count = leaks->verdicts[verdict];
		if (count == 0)
			continue;
		if (verdict != LEAK_LEAK) {
			struct buffer title = {0};
			buffer_printf(&title, "%u %s%s %s", count, by, count == 1 ? "" : "s",
				      count == 1 ? sections[verdict].one : sections[verdict].many);
			buffer_append_byte(page->out, '\n');
			text_write(page, STYLE_STRONG, "%s", title.data);
			buffer_append_byte(page->out, '\n');
			buffer_free(&title);
		}
		write_table(page, leaks, (enum leak_verdict)verdict, top ? top : sections[verdict].top);
	}
}
