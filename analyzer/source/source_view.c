/* SPDX-License-Identifier: Apache-2.0 */
/* Sections are chosen only by their values; files are read only for sections that are shown. */
#include "source/source_view.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/memory.h"
#include "files/path.h"

/* The parts of a query. */
struct asked {
	const char *function; /* NULL: no function was asked for */
	const char *file;     /* NULL: no file was; the end of its path, and the length of that */
	size_t file_bytes;
	uint32_t line; /* 0: the whole file was asked for */
};

/* Whether a path ends in these bytes, which begin with the name of a folder or a file. */
static bool path_ends_in(const char *path, const char *end, size_t bytes)
{
	const size_t length = path ? strlen(path) : 0;

	if (bytes == 0 || length < bytes || memcmp(path + length - bytes, end, bytes) != 0)
		return false;
	return length == bytes || *end == '/' || path[length - bytes - 1] == '/';
}

static bool table_has_file(const struct line_table *table, const char *end, size_t bytes)
{
	for (uint32_t i = 0; i < table->function_count; i++)
		if (path_ends_in(table->functions[i].file, end, bytes))
			return true;
	return false;
}

static uint32_t line_parse(const char *digits)
{
	const unsigned long number = strtoul(digits, NULL, 10);

	return number < UINT32_MAX ? (uint32_t)number : UINT32_MAX;
}

static struct asked asked_of(const struct line_table *table, const char *pattern)
{
	struct asked asked = {0};
	const char *colon = strrchr(pattern, ':');
	const bool has_line = colon && colon[1] && !colon[1 + strspn(colon + 1, "0123456789")];
	asked.file = pattern;
	asked.file_bytes = has_line ? (size_t)(colon - pattern) : strlen(pattern);
	if (has_line)
		asked.line = line_parse(colon + 1);
	if (!has_line && !table_has_file(table, asked.file, asked.file_bytes) && !path_is_source(pattern) &&
	    !strchr(pattern, '/'))
		return (struct asked){.function = pattern};
	return asked;
}

/* How well a name fits the query: 2 as a whole word, up to the parameters; 1 as a part of it. */
static int name_meets(const char *name, const char *wanted)
{
	const size_t length = strlen(wanted);
	int best = 0;

	for (const char *at = name; (at = strstr(at, wanted)); at++) {
		const bool begins = at == name || strchr(":. *&", at[-1]);
		const bool ends = !at[length] || strchr("(<[ ", at[length]);
		best = begins && ends ? 2 : best ? best : 1;
	}
	return best;
}

static struct view_section *section_add(struct source_view *view)
{
	ARRAY_RESERVE(view->sections, view->count, view->capacity);
	view->sections[view->count] = (struct view_section){.function = UINT32_MAX};
	return &view->sections[view->count++];
}

static void section_add_function(struct source_view *view, uint32_t index)
{
	const struct source_function *function = &view->table->functions[index];
	struct view_section *section = section_add(view);

	section->function = section->key = index;
	section->file = function->file;
	section->module = function->module;
	section->flat = function->sum.flat;
	section->cumulative = function->sum.cumulative;
}

static void choose_functions(struct source_view *view, const char *wanted, bool *chosen)
{
	const struct line_table *table = view->table;
	int best = 1;

	for (uint32_t i = 0; i < table->function_count; i++) {
		const int here = name_meets(table->functions[i].name, wanted);
		best = here > best ? here : best;
	}
	for (uint32_t i = 0; i < table->function_count; i++)
		if (!chosen[i] && name_meets(table->functions[i].name, wanted) >= best) {
			section_add_function(view, i);
			chosen[i] = true;
		}
}

static void choose_top(struct source_view *view)
{
	for (uint32_t i = 0; i < view->table->function_count; i++)
		if (line_value_estimate(&view->table->functions[i].sum.flat) != 0)
			section_add_function(view, i);
}

static void member_add(struct source_view *view, uint32_t key, uint32_t row)
{
	ARRAY_RESERVE(view->members, view->member_count, view->member_capacity);
	view->members[view->member_count++] = (struct source_member){key, row};
}

/* Makes a section for each file of that name. */
static void choose_files(struct source_view *view, const struct asked *asked)
{
	const struct line_table *table = view->table;
	const uint32_t first = view->count;
	struct numbering files = {0};

	for (uint32_t i = 0; i < table->row_count; i++) {
		const struct source_row *row = &table->rows[i];
		if (!path_ends_in(row->file, asked->file, asked->file_bytes))
			continue;
		bool is_new;
		const uint32_t index = first + numbering_put(&files, (uintptr_t)row->file, &is_new);
		if (is_new) {
			struct view_section *section = section_add(view);
			section->key = table->function_count + view->count;
			section->only = asked->line;
			section->file = row->file;
			section->module = row->module;
		}
		struct view_section *section = &view->sections[index];
		line_value_add(&section->flat, &row->sum.flat);
		member_add(view, section->key, i);
	}
	numbering_free(&files);
}

static void choose_patterns(struct source_view *view, const struct source_query *query)
{
	bool *chosen = memory_allocate(view->table->function_count + 1u, sizeof *chosen);

	for (size_t i = 0; i < query->pattern_count; i++) {
		const struct asked asked = asked_of(view->table, query->patterns[i]);
		if (asked.file)
			choose_files(view, &asked);
		else
			choose_functions(view, asked.function, chosen);
	}
	free(chosen);
}

/* Places and files are sorted by flat values; a function that was named, by cumulative ones. */
static int section_compare(const void *left, const void *right, void *by_flat)
{
	const struct view_section *a = left, *b = right;
	const double x = line_value_estimate(by_flat || a->function == UINT32_MAX ? &a->flat : &a->cumulative);
	const double y = line_value_estimate(by_flat || b->function == UINT32_MAX ? &b->flat : &b->cumulative);

	if (x != y)
		return x > y ? -1 : 1;
	return (a->key > b->key) - (a->key < b->key);
}

static int member_compare(const void *left, const void *right, void *rows)
{
	const struct source_member *a = left, *b = right;
	const struct source_row *array = rows;

	if (a->function != b->function)
		return a->function < b->function ? -1 : 1;
	return (array[a->row].line > array[b->row].line) - (array[a->row].line < array[b->row].line);
}

static bool row_has_value(const struct source_row *row)
{
	return line_value_estimate(&row->sum.flat) != 0 || line_value_estimate(&row->sum.cumulative) != 0;
}

/* The index of a section's first line among the sorted lines of all sections. */
static uint32_t section_first(const struct source_view *view, const struct view_section *section)
{
	uint32_t low = 0, high = view->member_count;

	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;
		if (view->members[middle].function < section->key)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The lines of a section that have values, in ascending order; if none has any, all of its lines. Returns how many. */
static uint32_t section_numbers(const struct source_view *view, const struct view_section *section, uint32_t **numbers)
{
	const uint32_t first = section_first(view, section);
	uint32_t end = first, count = 0;

	while (end < view->member_count && view->members[end].function == section->key)
		end++;
	*numbers = memory_allocate(end - first + 1u, sizeof **numbers);
	for (int any = 0; any < 2 && count == 0; any++)
		for (uint32_t i = first; i < end; i++) {
			const struct source_row *row = &view->table->rows[view->members[i].row];
			if (any || row_has_value(row))
				(*numbers)[count++] = row->line;
		}
	return count;
}

static void line_add(const struct source_view *view, struct view_section *section, uint32_t number)
{
	const char *text = NULL;
	size_t bytes = 0;

	if (number && section->source && source_file_line(&section->source->file, number, &text, &bytes))
		bytes = bytes < UINT32_MAX ? bytes : UINT32_MAX;
	ARRAY_RESERVE(section->lines, section->line_count, section->line_capacity);
	section->lines[section->line_count++] = (struct view_line){
	    number, number ? line_table_row(view->table, section->file, number) : UINT32_MAX, text, (uint32_t)bytes};
}

/* Adds the lines with values, and `context` lines on both sides of each, as far as the file has them. */
static void section_add_lines(const struct source_view *view, struct view_section *section, const uint32_t *numbers,
			      uint32_t count, uint32_t context)
{
	const uint32_t end = section->source ? section->source->file.line_count : 0;
	uint32_t next = 0; /* the line after the last one added */

	for (uint32_t i = 0; i < count; i++) {
		const uint32_t number = numbers[i];
		uint32_t first = number > context ? number - context : 1;
		uint32_t last = number <= end && context < end - number ? number + context : end;
		if (number > end) /* the file has no such line, so it stands alone */
			first = last = number;
		if (next && first == next + 1 && next <= end)
			first = next; /* instead of saying that a single line is left out */
		first = first < next ? next : first;
		if (next && first > next)
			line_add(view, section, 0);
		for (uint32_t at = first; at <= last; at++)
			line_add(view, section, at);
		next = last >= next ? last + 1 : next;
		section->is_short |=
		    end && number > end && line_table_row(view->table, section->file, number) != UINT32_MAX;
	}
}

static void section_fill(const struct source_view *view, struct view_section *section, struct sources *sources,
			 uint32_t context)
{
	const struct profile *profile = line_table_profile(view->table);
	uint32_t *numbers;

	if (!section->file)
		return;
	uint32_t count = section_numbers(view, section, &numbers);
	if (section->only) {
		numbers[0] = section->only;
		count = 1;
	}
	const struct source_module *module = &view->table->modules[section->module];
	section->source =
	    sources_find(sources, section->file, (struct source_build){module->build_id, module->build_id_bytes});
	section->is_newer = section->source->file.line_count &&
			    source_is_newer(&section->source->file, module->path, profile->start_unix_ns);
	section_add_lines(view, section, numbers, count, context);
	free(numbers);
}

void source_view_build(struct source_view *view, const struct line_table *table, struct sources *sources,
		       const struct source_query *query)
{
	*view = (struct source_view){.table = table};
	for (uint32_t i = 0; i < table->member_count; i++)
		member_add(view, table->members[i].function, table->members[i].row);
	if (query->pattern_count)
		choose_patterns(view, query);
	else
		choose_top(view);
	if (!view->count)
		return;
	qsort_r(view->sections, view->count, sizeof *view->sections, section_compare,
		query->pattern_count ? NULL : (void *)view);
	qsort_r(view->members, view->member_count, sizeof *view->members, member_compare, table->rows);
	if (view->count > query->top) {
		view->left_out = view->count - query->top;
		view->count = query->top;
	}
	for (uint32_t i = 0; i < view->count; i++)
		section_fill(view, &view->sections[i], sources, query->context);
}

void source_view_free(struct source_view *view)
{
	for (uint32_t i = 0; i < view->count; i++)
		free(view->sections[i].lines);
	free(view->sections);
	free(view->members);
	*view = (struct source_view){0};
}

static int call_compare(const void *left, const void *right, void *calls)
{
	const struct source_call *array = calls;
	const struct source_call *a = &array[*(const uint32_t *)left], *b = &array[*(const uint32_t *)right];

	if (a->row != b->row)
		return a->row < b->row ? -1 : 1;
	const double x = fabs(line_value_estimate(&a->sum.cumulative));
	const double y = fabs(line_value_estimate(&b->sum.cumulative));
	return x != y ? (x > y ? -1 : 1) : (a > b) - (a < b);
}

uint32_t *source_order_calls(const struct line_table *table)
{
	uint32_t *order = memory_allocate(table->call_count + 1u, sizeof *order);

	for (uint32_t i = 0; i < table->call_count; i++)
		order[i] = i;
	qsort_r(order, table->call_count, sizeof *order, call_compare, table->calls);
	return order;
}

const uint32_t *source_calls_of(const struct line_table *table, const uint32_t *order, uint32_t row, uint32_t *count)
{
	uint32_t low = 0, high = table->call_count;

	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;
		if (table->calls[order[middle]].row < row)
			low = middle + 1;
		else
			high = middle;
	}
	for (*count = 0; low + *count < table->call_count && table->calls[order[low + *count]].row == row;)
		++*count;
	return order + low;
}
