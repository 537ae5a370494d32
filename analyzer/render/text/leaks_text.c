/* SPDX-License-Identifier: Apache-2.0 */
/* A section for each verdict; the first one says in words what was found. */
#include "render/text/documents.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "files/path.h"
#include "render/terminal/name_text.h"
#include "render/words/churn_advice.h"
#include "render/words/estimate.h"
#include "render/text/head_text.h"
#include "render/words/leak_evidence.h"
#include "render/words/leak_sentence.h"
#include "render/text/stack_text.h"
#include "render/terminal/table.h"
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

void spread_name_append(struct buffer *out, const struct spread *spread, unsigned columns)
{
	static const char below[] = " and below";

	switch (spread->level) {
	case SPREAD_FUNCTION:
		name_append(out, spread->line->function, columns - (unsigned)strlen(below));
		buffer_append_text(out, below);
		break;
	case SPREAD_MODULE:
		buffer_append_text(out, "all over ");
		path_append(out, path_base_name(spread->module), columns - 9);
		break;
	default:
		buffer_append_text(out, "all over the program");
	}
}

static void write_spread(struct text_page *page, const struct spread *spread, unsigned start)
{
	struct buffer text = {0};

	spread_name_append(&text, spread, page->columns > start + 20 ? page->columns - start : 20);
	text_write(page, STYLE_STRONG, "%s", text.data);
	buffer_append_byte(page->out, '\n');
	buffer_free(&text);
	spread_sentence_append(&text, spread);
	text_write_words(page, STYLE_PLAIN, text.data, CALLER_INDENT);
	buffer_free(&text);
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
		table_write_cells(&table, page, i);
		if (rows[i].spread) {
			write_spread(page, rows[i].spread, table_text_start(&table));
		} else {
			const struct group *group = &leaks->groups.groups[rows[i].group];
			group_write_name(page, group, by, table_text_start(&table), CALLER_INDENT);
			group_write_callers(page, group, by, CALLER_INDENT, CALLERS);
		}
		write_evidence(page, leaks, &rows[i]);
	}
	if (shown < count)
		text_write(page, STYLE_FAINT, "%u more (--top=%u shows them)\n", count - shown, count);
	table_free(&table);
	free(rows);
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

/* Whether all leaks have their cautions. */
static const char *cautions_in_words(const struct leak_row *rows, uint32_t count)
{
	uint32_t sure = 0;

	for (uint32_t i = 0; i < count; i++)
		sure += leak_is_sure(&rows[i]);
	return sure == count ? "" : sure ? ", some with cautions" : ", with cautions";
}

/* "2 of 102 places leak and 1 leak is spread over many, with cautions: 85 MiB [59, 126] a minute together." */
static void append_leaks(struct buffer *out, const struct leaks *leaks)
{
	const char *by = group_by_name(leaks->groups.by);
	const struct leak_unit unit = leak_unit_for(leaks->seconds);
	const uint32_t alone = leaks->verdicts[LEAK_LEAK], spread = leaks_spread_count(leaks, LEAK_LEAK);
	uint32_t count;
	struct leak_row *rows = leaks_rows_and_spreads(leaks, LEAK_LEAK, &count);
	const struct estimate_text rate = estimate_bytes(
	    leaks->leak_rate * unit.seconds, interval_times(leaks->leak_interval, unit.seconds), leaks->reference);

	if (alone)
		buffer_printf(out, "%u of %u %ss %s", alone, leaks->count, by, alone == 1 ? "leaks" : "leak");
	if (spread)
		buffer_printf(out, "%s%u leak%s spread over many %ss", alone ? " and " : "", spread,
			      spread == 1 ? " is" : "s are", by);
	buffer_printf(out, "%s: %s %s %s together.", cautions_in_words(rows, count), rate.value, rate.interval,
		      unit.name);
	free(rows);
}

/* The finding, in words. */
static void write_finding(struct text_page *page, const struct leaks *leaks, const struct series *series)
{
	struct buffer text = {0};

	buffer_append_byte(page->out, '\n');
	if (!leaks->can_judge) {
		buffer_append_text(&text, "No verdicts: ");
		leak_want_append(&text, leaks, series);
	} else if (leaks_any(leaks)) {
		append_leaks(&text, leaks);
	} else {
		buffer_printf(&text, "No %s leaks, as far as %s of recording can show.",
			      group_by_name(leaks->groups.by), quantity_duration(leaks->seconds * 1e9).text);
	}
	text_write_words(page, leaks->can_judge ? STYLE_STRONG : STYLE_WARNING, text.data, 0);
	if (leaks->can_judge && leaks_any(leaks))
		write_limit(page, leaks);
	buffer_free(&text);
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

	head_write_leaks(page, leaks, series);
	write_finding(page, leaks, series);
	for (int verdict = 0; verdict < LEAK_VERDICTS; verdict++) {
		const uint32_t count = leaks->verdicts[verdict];
		const uint32_t spread = leaks_spread_count(leaks, (enum leak_verdict)verdict);
		if (count + spread == 0)
			continue;
		if (verdict != LEAK_LEAK) {
			struct buffer title = {0};
			if (count)
				buffer_printf(&title, "%u %s%s %s", count, by, count == 1 ? "" : "s",
					      count == 1 ? sections[verdict].one : sections[verdict].many);
			if (spread)
				buffer_printf(&title, "%s%u spread over many %ss.", count ? " And " : "", spread, by);
			buffer_append_byte(page->out, '\n');
			text_write(page, STYLE_STRONG, "%s", title.data);
			buffer_append_byte(page->out, '\n');
			buffer_free(&title);
		}
		write_table(page, leaks, (enum leak_verdict)verdict, top ? top : sections[verdict].top);
	}
}
