/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes the screen several times, with less and less detail, until it fits: first with callers and evidence for every
 * leak, then for fewer and fewer of them, at last with fewer rows.
 */
#include "render/screen/leaks_screen.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "render/text/place_text.h"
#include "render/screen/memory_line.h"
#include "render/text/documents.h"
#include "render/text/head_text.h"
#include "render/terminal/table.h"
#include "render/words/estimate.h"
#include "render/words/finding.h"
#include "render/words/leak_evidence.h"
#include "render/words/leak_sentence.h"
#include "render/words/losses.h"
#include "render/words/notes.h"
#include "statistics/measure.h"

#define ROWS_LEAST 24
#define ROWS_MOST 12  /* most rows of one table, even if there is more room */
#define BESIDE_ROWS 2 /* rows about mappings, beside the heap */
#define OTHER_ROWS 4  /* rows of growing places, or the largest ones, if something leaks, too */

enum { CELL_NUMBER, CELL_VALUE, CELL_INTERVAL, CELL_IN_USE, CELLS };

struct screen {
	const struct leaks *leaks;
	const struct series *series;
	const char *recording;
	struct text_page *page;
	uint32_t detailed;  /* leaks that have callers and evidence under them */
	uint32_t rows;      /* leaks that are shown */
	uint32_t others;    /* rows that the other table shows */
	const char *beside; /* lines about memory mapped past malloc; NULL: none */
	bool is_brief;      /* say only briefly where RSS grew */
};

static void end_line(const struct screen *screen)
{
	buffer_append_byte(screen->page->out, '\n');
}

static void add_row(const struct screen *screen, struct table *table, const struct leak_row *row, uint32_t number)
{
	const struct leaks *leaks = screen->leaks;
	const double unit = leak_unit_for(leaks->seconds).seconds;
	const bool leaks_here = row->verdict == LEAK_LEAK;
	struct estimate_text text = {"-", ""};
	char label[16];

	snprintf(label, sizeof label, "%u", number);
	if (leaks_here)
		text =
		    estimate_bytes(row->leak_rate * unit, interval_times(row->leak_interval, unit), leaks->reference);
	else if (leaks->reference->rate)
		text = estimate_growth(row->growth, row->growth_bytes, leaks->middle, leaks->reference);
	table_add_row(table);
	table_set(table, CELL_NUMBER, STYLE_PLAIN, label);
	table_set(table, CELL_VALUE, leaks_here ? STYLE_GROWN : STYLE_PLAIN, text.value);
	table_set(table, CELL_INTERVAL, STYLE_PLAIN, text.interval);
	table_set(table, CELL_IN_USE, STYLE_PLAIN, quantity_bytes(sum_estimate(&row->in_use.bytes)).text);
}

/* Writes the way to the place, the evidence, and what the verdict can't exclude. The row above has `columns` for the
 * place. */
static void write_details(const struct screen *screen, const struct leak_row *row, unsigned indent, unsigned columns)
{
	struct buffer text = {0};

	if (row->spread)
		spread_sentence_append(&text, &row->spread->place);
	else
		place_text_append_callers(&text, &screen->leaks->groups.groups[row->group],
					  screen->page->columns - indent, columns);
	if (text.length)
		text_write_words(screen->page, STYLE_FAINT, text.data, indent);
	buffer_free(&text);
	leak_sentence_append(&text, screen->leaks, row);
	text_write_words(screen->page, STYLE_PLAIN, text.data, indent);
	buffer_free(&text);
	if (leak_references_append(&text, row))
		text_write_words(screen->page, STYLE_PLAIN, text.data, indent);
	buffer_free(&text);
	leak_caution_append(&text, screen->leaks, row);
	if (text.length)
		text_write_words(screen->page, STYLE_WARNING, text.data, indent);
	buffer_free(&text);
}

static void append_where(struct buffer *out, const struct leaks *leaks, const struct leak_row *row, unsigned columns)
{
	if (row->spread)
		spread_name_append(out, &row->spread->place, columns);
	else
		place_text_append(out, &leaks->groups.groups[row->group], columns);
}

/* A spread shows what it is, even without its details, and a mapping that it is no memory. */
static void write_nature(const struct screen *screen, const struct leak_row *row, unsigned indent)
{
	struct buffer text = {0};

	if (row->spread)
		spread_sentence_append(&text, &row->spread->place);
	else
		leak_absent_append(&text, "", row);
	if (text.length)
		text_write_words(screen->page, STYLE_FAINT, text.data, indent);
	buffer_free(&text);
}

static void write_table(const struct screen *screen, const char *value, const struct leak_row *rows, uint32_t count,
			uint32_t detailed)
{
	const struct table_column columns[] = {
	    {"#", false}, {value, false}, {"[95 %]", true}, {"in use", false}, {"where", false}};
	struct text_page *page = screen->page;
	struct table table;

	table_init(&table, columns, CELLS);
	for (uint32_t i = 0; i < count; i++)
		add_row(screen, &table, &rows[i], i + 1);
	table_write_titles(&table, page);
	const unsigned start = table_text_start(&table);
	const unsigned left = page->columns > start + 20 ? page->columns - start : 20;
	for (uint32_t i = 0; i < count; i++) {
		struct buffer place = {0};
		table_write_cells(&table, page, i);
		append_where(&place, screen->leaks, &rows[i], left);
		text_write(page, STYLE_STRONG, "%s", place.data);
		end_line(screen);
		buffer_free(&place);
		if (i < detailed)
			write_details(screen, &rows[i], 4, left);
		else
			write_nature(screen, &rows[i], 4);
	}
	table_free(&table);
}

static const char *long_form(const struct screen *screen)
{
	return screen->leaks->reference->is_of_mappings ? "--mappings -v" : "-v";
}

static void write_more(const struct screen *screen, uint32_t more)
{
	if (more)
		text_write(screen->page, STYLE_FAINT, "    and %u more: seep leaks %s %s\n", more, long_form(screen),
			   screen->recording);
}

/* Rows without details seem surer than they are, so their cautions are listed here. */
static void write_unsure(const struct screen *screen, const struct leak_row *rows, uint32_t shown)
{
	struct buffer numbers = {0}, text = {0};
	uint32_t count = 0, last = 0;

	for (uint32_t i = screen->detailed; i < shown; i++)
		if (rows[i].cautions) {
			buffer_printf(&numbers, "%s%u", count++ ? ", " : "", i + 1);
			last = i;
		}
	if (count && shown > 1)
		buffer_printf(&text, "not for sure: %s", numbers.data);
	if (count == 1) {
		buffer_append_text(&text, shown > 1 ? ", " : "");
		leak_caution_append(&text, screen->leaks, &rows[last]);
	} else if (count) {
		buffer_printf(&text, " (%s says why)", long_form(screen));
	}
	if (count)
		text_write_words(screen->page, STYLE_WARNING, text.data, 4);
	buffer_free(&numbers);
	buffer_free(&text);
}

static void write_leaks(const struct screen *screen)
{
	uint32_t count;
	struct leak_row *rows = leaks_rows_and_spreads(screen->leaks, LEAK_LEAK, &count);
	const uint32_t shown = count < screen->rows ? count : screen->rows;

	if (count)
		write_table(screen, leak_unit_for(screen->leaks->seconds).name, rows, shown, screen->detailed);
	write_unsure(screen, rows, shown);
	write_more(screen, count - shown);
	free(rows);
}

/* Writes the places that grow without proof; if there are none, the largest steady ones. */
static void write_others(const struct screen *screen)
{
	const struct leaks *leaks = screen->leaks;
	const bool grows = leaks->verdicts[LEAK_GROWING] + leaks_spread_count(leaks, LEAK_GROWING) > 0;
	uint32_t all, count = 0, shown;
	struct leak_row *rows = leaks_rows_and_spreads(leaks, grows ? LEAK_GROWING : LEAK_UNKNOWN, &all);

	/* Places of which everything was freed are not shown. */
	for (uint32_t i = 0; i < all; i++)
		if (rows[i].in_use.samples)
			rows[count++] = rows[i];
	shown = count < screen->others ? count : screen->others;
	if (shown) {
		end_line(screen);
		text_write(screen->page, STYLE_WARNING, grows ? "GROWING" : "CAN'T BE TOLD");
		buffer_append_text(screen->page->out,
				   grows ? "  no proven leaks: caches that fill, or too little seen to tell\n"
				   : leaks->goes_on ? "  yet, or at this rate (-v says when and how)\n"
						    : "  in this time, or at this rate (-v says why)\n");
		write_table(screen, "growth", rows, shown, 0);
		write_more(screen, all - shown);
	}
	free(rows);
}

/* Writes parts that are not broken, and frees them. */
static void write_parts(const struct screen *screen, struct buffer *parts, size_t count, const char *separator)
{
	text_write_parts(screen->page, parts, count, separator, 0, 0);
	end_line(screen);
	for (size_t i = 0; i < count; i++)
		buffer_free(&parts[i]);
}

/* "stopped: 1, steady: 5 (20 MiB), churn: 9 (46 MiB/s)": the places that have no row. */
static void write_rest(const struct screen *screen)
{
	static const struct {
		enum leak_verdict verdict;
		const char *name;
	} rest[] = {
	    {LEAK_GROWING, "growing"},       {LEAK_STOPPED, "grew and stopped"},
	    {LEAK_UNKNOWN, "can't be told"}, {LEAK_STEADY, "steady"},
	    {LEAK_CHURN, "churn"},
	};
	const struct leaks *leaks = screen->leaks;
	struct buffer parts[LEAK_VERDICTS] = {0};
	size_t count = 0;

	for (size_t i = 0; i < sizeof rest / sizeof *rest; i++) {
		const enum leak_verdict verdict = rest[i].verdict;
		if (!leaks->verdicts[verdict])
			continue;
		buffer_printf(&parts[count], "%s: %u (", rest[i].name, leaks->verdicts[verdict]);
		verdict_amount_append(&parts[count], leaks, verdict);
		buffer_append_byte(&parts[count++], ')');
	}
	end_line(screen);
	if (count)
		write_parts(screen, parts, count, ", ");
}

static void write_notes(const struct screen *screen)
{
	struct buffer text = {0};
	size_t count;
	struct buffer *notes = notes_of(screen->leaks->reference, &count);

	for (size_t i = 0; i < count; i++) {
		buffer_printf(&text, "note: %s", notes[i].data);
		text_write_words(screen->page, STYLE_WARNING, text.data, 0);
		buffer_free(&text);
	}
	notes_free(notes, count);
}

/* Writes what could not be seen, and what to type next. */
static void write_end(const struct screen *screen)
{
	const double limit = profile_detection_limit(screen->leaks->reference);
	struct buffer parts[3] = {0};
	size_t count = 0;

	write_notes(screen);
	if (limit > 0)
		buffer_printf(&parts[count++], "places under %s may be unseen", quantity_bytes(limit).text);
	buffer_append_text(&parts[count], "lost: ");
	losses_append(&parts[count++], screen->leaks->reference);
	buffer_printf(&parts[count++], "all of it: seep leaks %s %s", long_form(screen), screen->recording);
	write_parts(screen, parts, count, "; ");
}

/* Growth of RSS outside the heap comes first, unless there are lines of the program to show. */
static void write_screen(const struct screen *screen)
{
	const bool leaks_here = finding_of(screen->leaks) == FINDING_LEAKS;

	head_write_series(screen->page, screen->leaks, screen->series);
	memory_line_write(screen->page, screen->leaks, screen->series);
	if (!leaks_here)
		head_write_elsewhere(screen->page, screen->leaks);
	leaks_finding_write(screen->page, screen->leaks, screen->series);
	write_leaks(screen);
	if (leaks_here && !screen->is_brief)
		head_write_elsewhere(screen->page, screen->leaks);
	if (screen->beside)
		buffer_append_text(screen->page->out, screen->beside);
	write_others(screen);
	write_rest(screen);
	write_end(screen);
}

/* Counts lines as a terminal shows them: a path that is longer than a line takes several. Colours take no room. */
static unsigned line_count(const struct text_page *page, size_t from)
{
	const struct buffer *out = page->out;
	unsigned lines = 0, width = 0;

	for (size_t i = from; i < out->length; i++) {
		const unsigned char byte = (unsigned char)out->data[i];
		if (byte == '\n') {
			lines += 1 + (width ? (width - 1) / page->columns : 0);
			width = 0;
		} else if (byte == '\033') {
			while (i + 1 < out->length && out->data[i] != 'm')
				i++;
		} else {
			width += (byte & 0xc0) != 0x80;
		}
	}
	return lines;
}

/* Chooses the next detail to leave out; false: nothing more can be left out. */
static bool screen_reduce(struct screen *screen)
{
	if (screen->others > OTHER_ROWS || (screen->others > 1 && screen->detailed <= 2))
		screen->others--;
	else if (screen->detailed > 1)
		screen->detailed--;
	else if (screen->rows > 3)
		screen->rows--;
	else if (screen->others > 0)
		screen->others--;
	else if (screen->beside && !screen->is_brief)
		screen->is_brief = true;
	else if (screen->detailed > 0)
		screen->detailed--;
	else if (screen->rows > 1)
		screen->rows--;
	else
		return false;
	return true;
}

void leaks_screen_append_beside(struct text_page *page, const struct leaks *leaks, const struct series *series,
				const char *recording)
{
	const struct screen screen = {leaks, series, recording, page, 0, BESIDE_ROWS, 0, NULL, false};

	leaks_finding_write(page, leaks, series);
	write_leaks(&screen);
	text_write(page, STYLE_FAINT, "    more: seep leaks --mappings %s\n", recording);
}

void leaks_screen_render(struct text_page *page, const struct leaks *leaks, const struct series *series,
			 const char *recording, unsigned rows, const char *beside)
{
	const size_t begin = page->out->length;
	struct screen screen = {leaks, series, recording, page, ROWS_MOST, ROWS_MOST, ROWS_MOST, beside, false};

	const uint32_t leaking = leaks->verdicts[LEAK_LEAK] + leaks_spread_count(leaks, LEAK_LEAK);
	if (leaking < ROWS_MOST)
		screen.rows = screen.detailed = leaking;
	do {
		page->out->length = begin;
		write_screen(&screen);
	} while (line_count(page, begin) >= (rows > ROWS_LEAST ? rows : ROWS_LEAST) && screen_reduce(&screen));
}
