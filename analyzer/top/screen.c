/* SPDX-License-Identifier: Apache-2.0 */
#include "top/screen.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "files/path.h"
#include "leaks/leaks.h"
#include "render/terminal/name_text.h"
#include "render/terminal/table.h"
#include "render/text/place_text.h"
#include "render/words/estimate.h"
#include "top/head.h"
#include "top/pages.h"

#define WIDE_COLUMNS 112 /* from this width on, growth and churn stand side by side */
#define HEAD_LINES 3
#define DETAIL_LINES 3 /* in a low terminal; in a high one, one line in eight */
#define NAME_LEAST 20

enum { CELL_VERDICT, CELL_IN_USE, CELL_FIRST };

static bool shows_growth(const struct text_page *page, const struct model *model)
{
	return model->view.sort != SORT_CHURN || page->columns >= WIDE_COLUMNS;
}

static bool shows_churn(const struct text_page *page, const struct model *model)
{
	return model->view.sort == SORT_CHURN || page->columns >= WIDE_COLUMNS;
}

static const char *verdict_text(const struct row *row)
{
	if (row->verdict == LEAK_LEAK)
		return row->is_sure ? "LEAK" : "LEAK?";
	return row->verdict == LEAK_VERDICTS || row->verdict == LEAK_UNKNOWN ? "-" : leak_verdict_name(row->verdict);
}

static enum text_style verdict_style(const struct row *row)
{
	return row->verdict == LEAK_LEAK ? STYLE_GROWN : row->verdict == LEAK_GROWING ? STYLE_WARNING : STYLE_PLAIN;
}

static struct estimate_text growth_text(const struct model *model, const struct row *row)
{
	const struct change *change = &row->change;

	if (!model->past || (row->place && row->place->is_spread))
		return (struct estimate_text){"-", ""};
	if (sum_estimate(&change->fresh) + sum_estimate(&change->gone) == 0)
		return (struct estimate_text){"0 B", ""}; /* no sample came or went */
	return model_growth(model, change);
}

static void row_add(struct table *table, const struct text_page *page, const struct model *model, const struct row *row)
{
	const double seconds = model_seconds(model);
	unsigned cell = CELL_FIRST;

	table_add_row(table);
	table_set(table, CELL_VERDICT, verdict_style(row), verdict_text(row));
	table_set(table, CELL_IN_USE, STYLE_PLAIN, quantity_bytes(sum_estimate(&row->in_use)).text);
	if (shows_growth(page, model)) {
		const struct estimate_text growth = growth_text(model, row);
		const bool is_leak = row->verdict == LEAK_LEAK;
		table_set(table, cell++, is_leak ? STYLE_GROWN : STYLE_PLAIN, growth.value);
		table_set(table, cell++, STYLE_PLAIN, growth.interval);
	}
	if (shows_churn(page, model)) {
		table_set(table, cell++, STYLE_PLAIN, quantity_bytes_rate(row->change.allocated_bytes / seconds).text);
		table_set(table, cell, STYLE_PLAIN, quantity_count_rate(row->change.allocations / seconds).text);
	}
}

/* "svc.c:63-66  handle_request  7 stacks", or what else the rows stand for. */
static void name_write(struct text_page *page, const struct model *model, const struct row *row, unsigned columns)
{
	const struct study *study = &model->study;
	struct buffer name = {0};

	if (model->view.by == ROW_THREAD && row->thread)
		buffer_printf(&name, "thread %u", row->thread - 1);
	else if (model->view.by == ROW_THREAD)
		buffer_append_text(&name, "later threads");
	else if (!row->place)
		buffer_append_text(&name, study->head ? "(new: names are being found)" : "");
	else if (row->place->is_spread)
		beginning_append(&name, study_text(study, row->place->function), columns);
	else if (model->view.by == ROW_MODULE)
		path_append(&name, path_base_name(study_text(study, row->place->module)), columns);
	else if (model->view.by == ROW_FUNCTION)
		name_append_bare(&name, study_text(study, row->place->function), columns);
	else
		place_parts_append(&name, study_text(study, row->place->source),
				   study_text(study, row->place->function), row->place->stacks, columns);
	text_write(page, STYLE_STRONG, "%s", name.data ? name.data : "");
	buffer_append_byte(page->out, '\n');
	buffer_free(&name);
}

/* "[95 %] in 1 min": the time that the window really spans. */
static void interval_title(const struct model *model, char *title, size_t size)
{
	const double seconds = round(model_seconds(model));

	if (!(seconds >= 1))
		snprintf(title, size, "[95 %%]");
	else if (seconds < 60)
		snprintf(title, size, "[95 %%] in %.0f s", seconds);
	else
		snprintf(title, size, "[95 %%] in %.0f min", floor(seconds / 60));
}

/* Keeps the columns' widths from one look to the next. */
static void widths_set(struct table *table, bool growth)
{
	static const unsigned widths[] = {7, 8, 9, 16, 10, 9};
	unsigned from = 0;

	for (unsigned i = 0; i < table->cell_count; i++) {
		from += i == CELL_FIRST && !growth ? 2 : 0;
		const unsigned width = widths[from++];
		table->widths[i] = table->widths[i] > width ? table->widths[i] : width;
	}
}

static void table_write(struct text_page *page, const struct model *model, size_t first, size_t count)
{
	char interval[48];
	struct table_column columns[CELL_FIRST + 5] = {{"verdict", false}, {"in use", false}};
	unsigned cells = CELL_FIRST;
	struct table table;

	interval_title(model, interval, sizeof interval);
	if (shows_growth(page, model)) {
		columns[cells++] = (struct table_column){"growth", false};
		columns[cells++] = (struct table_column){interval, true};
	}
	if (shows_churn(page, model)) {
		columns[cells++] = (struct table_column){"allocated", false};
		columns[cells++] = (struct table_column){"calls", false};
	}
	columns[cells] = (struct table_column){row_by_names[model->view.by], false};
	table_init(&table, columns, cells);
	widths_set(&table, shows_growth(page, model));
	for (size_t i = first; i < first + count; i++)
		row_add(&table, page, model, &model->rows.rows[i]);
	table_write_titles(&table, page);
	const unsigned start = table_text_start(&table);
	for (size_t i = 0; i < count; i++) {
		table_write_cells(&table, page, i);
		name_write(page, model, &model->rows.rows[first + i],
			   page->columns > start + NAME_LEAST ? page->columns - start : NAME_LEAST);
	}
	table_free(&table);
}

static void lines_fill(struct text_page *page, size_t count)
{
	for (size_t i = 0; i < count; i++)
		buffer_append_byte(page->out, '\n');
}

/* Says that the filter leaves nothing; returns how many lines that took. */
static unsigned none_write(struct text_page *page, const struct model *model)
{
	if (model->rows.count || !*model->view.filter)
		return 0;
	text_write(page, STYLE_FAINT, "  no name, file or module has \"%s\" in it", model->view.filter);
	buffer_append_byte(page->out, '\n');
	return 1;
}

/* The way to the selected place, why it has its verdict, and what that can't exclude: as many lines as fit. */
static void details_write(struct text_page *page, const struct model *model, size_t at, unsigned room)
{
	const struct study_place *place = at < model->rows.count ? model->rows.rows[at].place : NULL;
	const struct study *study = &model->study;
	struct buffer text = {0};
	struct text_page lines = {&text, page->columns, page->colored};
	const char *line;

	if (place) {
		text_write_words(&lines, STYLE_PLAIN, study_text(study, place->evidence), 2);
		if (place->caution)
			text_write_words(&lines, STYLE_WARNING, study_text(study, place->caution), 2);
		if (place->callers)
			text_write_words(&lines, STYLE_FAINT, study_text(study, place->callers), 2);
	}
	for (line = text.data ? text.data : ""; *line && room; room--) {
		const size_t length = strcspn(line, "\n") + 1;
		buffer_append(page->out, line, length);
		line += length;
	}
	if (*line)
		buffer_append_text(page->out, page->colored ? "\033[0m" : "");
	buffer_free(&text);
	lines_fill(page, room);
}

unsigned screen_write(struct text_page *page, struct model *model, unsigned lines)
{
	struct view *view = &model->view;
	const unsigned details = lines / 8 > DETAIL_LINES ? lines / 8 : DETAIL_LINES;
	const unsigned fixed = HEAD_LINES + 1 + details + 1; /* the titles and the last line count, too */

	view->columns = page->columns;
	if (view->wants_help || view->open) {
		pages_write(page, model, lines);
		return lines;
	}
	view->visible = lines > fixed ? lines - fixed : 1;
	const size_t at = view_settle(view, &model->rows);
	const size_t left = model->rows.count - view->first, count = left < view->visible ? left : view->visible;
	head_write(page, model);
	table_write(page, model, view->first, count);
	lines_fill(page, view->visible - count - none_write(page, model));
	details_write(page, model, at, details);
	pages_write_keys(page, model);
	return count ? HEAD_LINES + 1 + (unsigned)(at - view->first) : lines;
}

void screen_write_table(struct text_page *page, const struct model *model, size_t rows)
{
	head_write(page, model);
	table_write(page, model, 0, rows < model->rows.count ? rows : model->rows.count);
}
