/* SPDX-License-Identifier: Apache-2.0 */
/* A section of the page: whose lines these are and their sum, where they are, what is wrong with the file, and the
 * lines themselves. */
#include "render/source/annotate.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "files/path.h"
#include "render/text/head_text.h"
#include "render/terminal/name_text.h"
#include "render/terminal/table.h"
#include "render/words/estimate.h"
#include "source/source_text.h"

enum { CELL_FLAT, CELL_CUMULATIVE, CELL_INTERVAL, CELL_LINE, CELL_COUNT };

enum { INDENT = 3, TEXT_LEAST = 8, NAME_LEAST = 20 };

/* A section that is being written. If no line calls a function that asks for memory, flat and cumulative values are the
 * same. Then they are shown once, so that more of the source fits. */
struct listing {
	const struct source_view *view;
	const struct view_section *section;
	const uint32_t *calls; /* in the order of source_order_calls() */
	bool is_flat;
	struct table table;
};

static const struct table_column both_columns[CELL_COUNT + 1] = {
    [CELL_FLAT] = {"flat", false}, [CELL_CUMULATIVE] = {"cum", false}, [CELL_INTERVAL] = {"[95 %]", true},
    [CELL_LINE] = {"line", false}, [CELL_COUNT] = {"source", false},
};
static const struct table_column flat_columns[] = {
    {"flat", false}, {"[95 %]", true}, {"line", false}, {"source", false}};

/* Sets a cell of `both_columns`. */
static void cell_set(struct listing *listing, unsigned cell, enum text_style style, const char *text)
{
	if (!listing->is_flat)
		table_set(&listing->table, cell, style, text);
	else if (cell != CELL_FLAT)
		table_set(&listing->table, cell - 1, style, text);
}

static bool view_is_bytes(const struct source_view *view)
{
	return view->table->order == ORDER_INUSE || view->table->order == ORDER_ALLOCATED;
}

static struct quantity number_text(const struct source_view *view, double value)
{
	if (line_table_is_growth(view->table))
		return view_is_bytes(view) ? quantity_signed_bytes(value) : quantity_signed_count(value);
	return view_is_bytes(view) ? quantity_bytes(value) : quantity_count(value);
}

/* A value with its interval, in the form of the other tables. */
static struct estimate_text value_text(const struct source_view *view, const struct line_value *value)
{
	const struct line_table *table = view->table;
	const struct profile *after = line_table_profile(table);
	const double number = line_value_estimate(value);
	struct estimate_text text = {"", ""};

	if (!line_table_has_intervals(table)) {
		snprintf(text.value, sizeof text.value, "%s", number_text(view, number).text);
		return text;
	}
	const struct interval interval = line_value_interval(table, value);
	if (line_table_is_growth(table))
		return (view_is_bytes(view) ? estimate_growth : estimate_growth_objects)(
		    number, interval, table->comparison->before, after);
	return (view_is_bytes(view) ? estimate_bytes : estimate_objects)(number, interval, after);
}

static enum text_style value_style(const struct source_view *view, double value)
{
	return !line_table_is_growth(view->table) ? STYLE_STRONG : value < 0 ? STYLE_SHRUNK : STYLE_GROWN;
}

static void row_set(struct listing *listing, const struct line_sum *sum, bool is_call)
{
	const struct source_view *view = listing->view;
	const double flat = line_value_estimate(&sum->flat), cumulative = line_value_estimate(&sum->cumulative);
	const struct estimate_text text = value_text(view, &sum->cumulative);
	const bool is_own = listing->is_flat && !is_call;

	if (!is_call)
		cell_set(listing, CELL_FLAT, value_style(view, flat),
			 flat != 0 ? value_text(view, &sum->flat).value : ".");
	cell_set(listing, CELL_CUMULATIVE, is_own ? value_style(view, cumulative) : STYLE_PLAIN,
		 cumulative != 0 ? text.value : ".");
	cell_set(listing, CELL_INTERVAL, STYLE_PLAIN, cumulative != 0 ? text.interval : "");
}

/* The calls inlined into a line that have a value, the largest first. */
static const uint32_t *calls_of(const struct listing *listing, uint32_t row, uint32_t *count)
{
	const struct line_table *table = listing->view->table;
	const uint32_t *calls = source_calls_of(table, listing->calls, row, count);

	while (*count && line_value_estimate(&table->calls[calls[*count - 1]].sum.cumulative) == 0)
		--*count;
	return calls;
}

/* Whether a call is everything that its line holds: then its numbers are not repeated. */
static bool call_is_all(const struct listing *listing, const struct source_call *call)
{
	return line_value_estimate(&call->sum.cumulative) ==
	       line_value_estimate(&listing->view->table->rows[call->row].sum.cumulative);
}

static void cells_fill(struct listing *listing)
{
	const struct line_table *table = listing->view->table;

	for (uint32_t i = 0; i < listing->section->line_count; i++) {
		const struct view_line *line = &listing->section->lines[i];
		char number[16];
		uint32_t count = 0;
		table_add_row(&listing->table);
		snprintf(number, sizeof number, "%u", line->number);
		cell_set(listing, CELL_LINE, STYLE_FAINT, line->number ? number : "..");
		if (line->row == UINT32_MAX)
			continue;
		row_set(listing, &table->rows[line->row].sum, false);
		const uint32_t *calls = calls_of(listing, line->row, &count);
		for (uint32_t k = 0; k < count; k++) {
			table_add_row(&listing->table);
			if (!call_is_all(listing, &table->calls[calls[k]]))
				row_set(listing, &table->calls[calls[k]].sum, true);
		}
	}
}

static void line_end(struct text_page *page)
{
	while (page->out->length && page->out->data[page->out->length - 1] == ' ')
		page->out->data[--page->out->length] = '\0';
	buffer_append_byte(page->out, '\n');
}

/* The indentation to leave out: all lines with values have it, and one step more. */
static size_t section_indent(const struct view_section *section)
{
	size_t least = SIZE_MAX;

	for (uint32_t i = 0; i < section->line_count; i++) {
		const struct view_line *line = &section->lines[i];
		const bool counts = line->text && line->row != UINT32_MAX;
		const size_t here = counts ? source_text_indent(line->text, line->bytes) : SIZE_MAX;
		least = here < least ? here : least;
	}
	return least == SIZE_MAX || least < SOURCE_TAB ? 0 : least - SOURCE_TAB;
}

static void write_source(struct text_page *page, const struct source_view *view, const struct view_line *line,
			 size_t indent, unsigned width)
{
	const struct source_row *row = line->row == UINT32_MAX ? NULL : &view->table->rows[line->row];
	struct buffer text = {0}, cut = {0};

	if (line->text)
		source_text_append(&text, line->text, line->bytes, indent);
	if (text.length)
		beginning_append(&cut, text.data, width);
	if (cut.length)
		text_write(page,
			   row && line_value_estimate(&row->sum.flat) != 0 ? STYLE_STRONG
			   : row                                           ? STYLE_PLAIN
									   : STYLE_FAINT,
			   "%s", cut.data);
	line_end(page);
	buffer_free(&text);
	buffer_free(&cut);
}

/* "-> Cache::insert cache.h:40-52": a long name is cut so that the place fits, too. */
static void write_call(struct text_page *page, const struct source_view *view, const struct source_call *call,
		       unsigned width)
{
	const struct source_function *function = &view->table->functions[call->function];
	struct buffer place = {0}, text = {0};

	if (function->file && call->first_line)
		buffer_printf(&place, " %.64s:%u", path_base_name(function->file), call->first_line);
	if (place.length && call->last_line > call->first_line)
		buffer_printf(&place, "-%u", call->last_line);
	buffer_append_text(&text, "-> ");
	const unsigned place_columns = place.length ? text_columns(place.data) : 0;
	const bool has_place = place.length && 3 + NAME_LEAST + place_columns <= width;
	const unsigned name_columns = width - (has_place ? place_columns : 0);
	name_append_bare(&text, function->name, name_columns > TEXT_LEAST + 3 ? name_columns - 3 : TEXT_LEAST);
	if (has_place)
		buffer_append_text(&text, place.data);
	text_write(page, STYLE_FAINT, "%s", text.data);
	line_end(page);
	buffer_free(&place);
	buffer_free(&text);
}

static bool section_is_flat(const struct source_view *view, const struct view_section *section)
{
	for (uint32_t i = 0; i < section->line_count; i++) {
		const uint32_t row = section->lines[i].row;
		const struct line_sum *sum = row == UINT32_MAX ? NULL : &view->table->rows[row].sum;
		if (sum && line_value_estimate(&sum->flat) != line_value_estimate(&sum->cumulative))
			return false;
	}
	return true;
}

static void write_lines(struct text_page *page, const struct source_view *view, const struct view_section *section,
			const uint32_t *calls_in_order)
{
	struct listing listing = {view, section, calls_in_order, section_is_flat(view, section), {0}};
	struct table *table = &listing.table;
	const size_t indent = section_indent(section);
	size_t at = 0;

	table_init(table, listing.is_flat ? flat_columns : both_columns, CELL_COUNT - listing.is_flat);
	cells_fill(&listing);
	const unsigned start = table_text_start(table);
	const unsigned width = start + TEXT_LEAST < page->columns ? page->columns - start : TEXT_LEAST;
	table_write_titles(table, page);
	for (uint32_t i = 0; i < section->line_count; i++) {
		const struct view_line *line = &section->lines[i];
		uint32_t count = 0;
		table_write_cells(table, page, at++);
		write_source(page, view, line, indent, width);
		if (line->row == UINT32_MAX)
			continue;
		const uint32_t *calls = calls_of(&listing, line->row, &count);
		for (uint32_t k = 0; k < count; k++) {
			table_write_cells(table, page, at++);
			write_call(page, view, &view->table->calls[calls[k]], width);
		}
	}
	table_free(table);
}

/* "PriceCache::look_up  31.5 MiB [22.6, 43.7], 47.0 %, with what it calls 40.1 MiB" */
static void write_heading(struct text_page *page, const struct source_view *view, const struct view_section *section)
{
	const struct line_table *table = view->table;
	const double flat = line_value_estimate(&section->flat);
	const double cumulative = line_value_estimate(&section->cumulative);
	const bool is_file = section->function == UINT32_MAX;
	struct buffer name = {0}, parts[3] = {{0}};
	size_t count = 0;

	if (is_file)
		path_append(&name, section->file, page->columns / 2);
	else
		name_append_bare(&name, table->functions[section->function].name, page->columns / 2);
	text_write(page, STYLE_STRONG, "%s", name.data);
	buffer_append_text(page->out, "  ");
	const struct estimate_text text = value_text(view, flat != 0 ? &section->flat : &section->cumulative);
	if (flat != 0 || !is_file)
		buffer_printf(&parts[count++], "%s%s%s%s", text.value, *text.interval ? " " : "", text.interval,
			      flat == 0 && cumulative != 0 ? " in what it calls" : "");
	if (flat != 0 && !line_table_is_growth(table))
		buffer_printf(&parts[count++], "%s", quantity_share(flat, line_value_estimate(&table->total)).text);
	if (flat != 0 && !is_file && cumulative != flat)
		buffer_printf(&parts[count++], "with what it calls %s", value_text(view, &section->cumulative).value);
	text_write_parts(page, parts, count, ", ", text_columns(name.data) + 2, INDENT);
	line_end(page);
	buffer_free(&name);
	for (size_t i = 0; i < count; i++)
		buffer_free(&parts[i]);
}

/* Writes a line for each thing that the reader must know. */
static void write_faults(struct text_page *page, const struct source_view *view, const struct view_section *section)
{
	const struct source_module *module = &view->table->modules[section->module];
	struct buffer text = {0};

	if (!section->file)
		buffer_printf(&text, "no lines known: %s",
			      module->symbols ? module->symbols : "it has no debug information");
	else if (*section->source->fault)
		buffer_printf(&text, "%s%s", section->source->fault,
			      section->source->is_missing ? ": --source-path=DIR or FROM=TO says where it is" : "");
	else if (section->only > section->source->file.line_count && !section->is_short)
		buffer_printf(&text, "the file has %u lines", section->source->file.line_count);
	else if (section->is_short)
		buffer_printf(&text, "the file ends before lines that were compiled: it is of another version than %s",
			      path_base_name(module->path));
	else if (section->is_newer)
		buffer_printf(&text, "the file is newer than %s or its recording: lines may have moved",
			      path_base_name(module->path));
	if (text.length)
		text_write_words(page, STYLE_WARNING, text.data, INDENT);
	buffer_free(&text);
}

static void write_path(struct text_page *page, const struct view_section *section)
{
	const char *path = section->source && section->source->file.path ? section->source->file.path : section->file;
	struct buffer text = {0};

	if (!path)
		return;
	path_append(&text, path, page->columns - INDENT);
	text_write(page, STYLE_FAINT, "%*s%s\n", INDENT, "", text.data);
	buffer_free(&text);
}

void annotate_text_render(struct text_page *page, const struct source_view *view)
{
	const struct line_table *table = view->table;
	uint32_t *order = source_order_calls(table);

	if (table->comparison)
		head_write_diff(page, table->comparison);
	else
		head_write_report(page, table->inventory);
	text_write(page, STYLE_FAINT, "flat: the line asked for it; cum: with all that it called; ->: inlined there\n");
	if (!view_is_bytes(view) && line_table_has_intervals(table) && line_table_profile(table)->rate > 1)
		text_write(page, STYLE_FAINT,
			   "intervals: of objects no smaller than the smallest that was sampled there\n");
	if (view->count == 0)
		buffer_append_text(page->out, "\nno line has any of it\n");
	for (uint32_t i = 0; i < view->count; i++) {
		const struct view_section *section = &view->sections[i];
		buffer_append_byte(page->out, '\n');
		write_heading(page, view, section);
		write_path(page, section);
		write_faults(page, view, section);
		if (section->line_count)
			write_lines(page, view, section, order);
	}
	if (view->left_out)
		text_write(page, STYLE_FAINT, "\n%u more (--top=%u shows all)\n", view->left_out,
			   view->count + view->left_out);
	free(order);
}
