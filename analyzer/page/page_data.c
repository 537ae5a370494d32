/* SPDX-License-Identifier: Apache-2.0 */
/* The page's data as one JSON document of columns. Numbers of one kind lie together, as differences if these are
 * smaller, because all of it is packed afterwards. */
#include <math.h>
#include <stdlib.h>

#include <seep/snapshot.h>

#include "base/json.h"
#include "base/map.h"
#include "base/memory.h"
#include "encoding/base64.h"
#include "encoding/gzip.h"
#include "page/page.h"
#include "page/page_parts.h"
#include "page/selection.h"
#include "page/stacks.h"
#include "render/json/profile_json.h"
#include "render/words/losses.h"
#include "render/words/notes.h"
#include "source/source_text.h"

/* A column of whole numbers, each as its difference from the one before: a text of digits of five bits, the low ones first. It
 * is shorter than an array, and a browser reads it into a typed array without making an object of each number. */
struct column {
	struct json *json;
	uint64_t last;
};

static struct column column_begin(struct json *json, const char *name)
{
	json_text_begin(json_key(json, name));
	return (struct column){json, 0};
}

static void column_add(struct column *column, uint64_t value)
{
	const bool is_less = value < column->last;
	uint64_t rest = (is_less ? column->last - value : value - column->last) << 1 | is_less;
	char text[16];
	size_t length = 0;

	for (; rest > 31; rest >>= 5)
		text[length++] = base64_digits[32 | (rest & 31)];
	text[length++] = base64_digits[rest];
	buffer_append(column->json->out, text, length);
	column->last = value;
}

static void column_end(struct column *column)
{
	json_text_end(column->json);
}

/* A column of one field of an array of structures. */
#define COLUMN(json, name, array, number, field)                                                                       \
	do {                                                                                                           \
		struct column column = column_begin(json, name);                                                       \
		for (size_t i = 0; i < (number); i++)                                                                  \
			column_add(&column, (array)[i].field);                                                         \
		column_end(&column);                                                                                   \
	} while (0)

static void moments_render(struct json *json, const struct page *page)
{
	static const struct {
		enum seep_memory_key key;
		const char *name;
	} memory[] = {
	    {SEEP_MEMORY_RSS, "rss"},
	    {SEEP_MEMORY_LIMIT, "limit"},
	    {SEEP_MEMORY_ALLOCATOR_IN_USE, "allocator_inuse"},
	};
	const uint64_t start_ns = page->whole->start_ns;

	json_begin_object(json_key(json, "moments"));
	COLUMN(json, "number", page->moments, page->moment_count, number);
	struct column times = column_begin(json, "time_us"); /* since recording began */
	for (size_t i = 0; i < page->moment_count; i++)
		column_add(&times,
			   page->moments[i].time_ns > start_ns ? (page->moments[i].time_ns - start_ns) / 1000 : 0);
	column_end(&times);
	json_begin_array(json_key(json, "trigger"));
	for (size_t i = 0; i < page->moment_count; i++)
		json_text(json, trigger_name(page->moments[i].trigger));
	json_end_array(json);
	for (size_t k = 0; k < sizeof memory / sizeof *memory; k++) {
		json_begin_array(json_key(json, memory[k].name));
		for (size_t i = 0; i < page->moment_count; i++)
			if (page->moments[i].memory_known >> memory[k].key & 1)
				json_unsigned(json, page->moments[i].memory[memory[k].key]);
			else
				json_null(json);
		json_end_array(json);
	}
	page_classes_render(json, page);
	json_end_object(json);
}

/* Numbers texts by their pointers, from 1 on; 0 stands for none. */
static uint32_t text_number(struct numbering *texts, const char *interned)
{
	bool is_new;

	return interned ? 1 + numbering_put(texts, (uintptr_t)interned, &is_new) : 0;
}

static void stacks_render(struct json *json, const struct page_stacks *stacks)
{
	struct numbering texts = {0};

	json_begin_object(json_key(json, "frames"));
#define TEXT_COLUMN(field)                                                                                             \
	do {                                                                                                           \
		struct column column = column_begin(json, #field);                                                     \
		for (uint32_t i = 0; i < stacks->frame_count; i++)                                                     \
			column_add(&column, text_number(&texts, stacks->frames[i].field));                             \
		column_end(&column);                                                                                   \
	} while (0)
	TEXT_COLUMN(function);
	TEXT_COLUMN(file);
	TEXT_COLUMN(module);
	COLUMN(json, "line", stacks->frames, stacks->frame_count, line);
	COLUMN(json, "inlined", stacks->frames, stacks->frame_count, inlined);
	json_end_object(json);
	json_begin_object(json_key(json, "nodes"));
	COLUMN(json, "parent", stacks->nodes + 1, stacks->node_count - 1u, parent);
	COLUMN(json, "frame", stacks->nodes + 1, stacks->node_count - 1u, frame);
	json_end_object(json);
	json_begin_array(json_key(json, "texts"));
	for (uint32_t i = 0; i < texts.count; i++)
		json_text(json, (const char *)(uintptr_t)texts.keys[i]);
	json_end_array(json);
	numbering_free(&texts);
}

/* A site of the page: its stack, its place's frame + 1, and the row of its place. */
struct page_site {
	uint32_t node, place, row;
};

static struct page_site *sites_of_groups(const struct group_table *groups, struct page_stacks *stacks)
{
	struct page_site *sites = memory_allocate((size_t)groups->count + 1, sizeof *sites);

	for (uint32_t i = 0; i < groups->count; i++) {
		const struct group *group = &groups->groups[i];
		sites[i].node = page_stacks_add(stacks, group->profile, group->site);
		sites[i].place = page_stacks_place(stacks, group) + 1;
	}
	return sites;
}

static struct page_site *sites_find(const struct page *page, struct page_stacks *stacks,
				    const struct page_selection *selection, const uint32_t *rows)
{
	const struct profile *whole = page->whole;
	struct page_site *sites = memory_allocate((size_t)selection->count + 1, sizeof *sites);
	struct group_table groups;

	group_table_init(&groups, GROUP_BY_STACK);
	uint32_t *group = group_table_add(&groups, whole);
	for (uint32_t i = 0; i < whole->site_count; i++) {
		const uint32_t number = numbering_get(&page->history->by_key, whole->sites[i].key);
		if (number == NUMBERING_NONE || page_site_is_left_out(selection, number))
			continue;
		sites[selection->number[number]] = (struct page_site){
		    page_stacks_add(stacks, whole, i),
		    page_stacks_place(stacks, &groups.groups[group[i]]) + 1,
		    rows[number],
		};
	}
	group_table_free(&groups);
	free(group);
	return sites;
}

static void sites_render(struct json *json, const struct page *page, const struct page_selection *selection,
			 const uint32_t *rows)
{
	struct page_stacks stacks;

	page_stacks_init(&stacks, page->node_limit ? page->node_limit : UINT32_MAX);
	struct page_site *sites =
	    page->groups ? sites_of_groups(page->groups, &stacks) : sites_find(page, &stacks, selection, rows);
	json_begin_object(json_key(json, "sites"));
	COLUMN(json, "node", sites, selection->count, node);
	COLUMN(json, "place", sites, selection->count, place);
	COLUMN(json, "row", sites, selection->count, row);
	json_unsigned(json_key(json, "left_out"), selection->left_out);
	json_unsigned(json_key(json, "cut_stacks"), stacks.cut);
	json_end_object(json);
	free(sites);
	stacks_render(json, &stacks);
	page_stacks_free(&stacks);
}

static void sum_render(struct json *json, const char *name, const struct seep_sum *sum)
{
	json_begin_array(json_key(json, name));
	json_real(json, sum->uncertain);
	json_real(json, sum->variance);
	json_real(json, sum->largest);
	json_real(json, sum->certain);
	json_end_array(json);
}

/* The sums of the sites that are left out. */
static void rest_render(struct json *json, const struct page_selection *selection)
{
	json_begin_array(json_key(json, "rest"));
	for (size_t i = 0; i < selection->rest_count; i++) {
		const struct page_rest *rest = &selection->rest[i];
		json_begin_object(json);
		json_unsigned(json_key(json, "site"), rest->site);
		json_unsigned(json_key(json, "born"), rest->born);
		json_unsigned(json_key(json, "dead"), rest->dead);
		json_unsigned(json_key(json, "samples"), rest->sum.samples);
		sum_render(json, "bytes", &rest->sum.bytes);
		sum_render(json, "objects", &rest->sum.objects);
		json_end_object(json);
	}
	json_end_array(json);
}

static void cells_render(struct json *json, const struct page_cell *cells, size_t count)
{
	json_begin_object(json_key(json, "cells"));
	COLUMN(json, "site", cells, count, site);
	COLUMN(json, "born", cells, count, born);
	COLUMN(json, "dead", cells, count, dead);
	COLUMN(json, "size", cells, count, size);
	COLUMN(json, "rate", cells, count, rate);
	COLUMN(json, "count", cells, count, count);
	json_end_object(json);
}

/* Totals are whole numbers. `largest` is exact, since intervals depend on it, and 0 if it is the same as before. */
static void counters_render(struct json *json, const struct page_selection *selection)
{
	const struct page_counter *counters = selection->counters;
	const size_t count = selection->counter_count;
	double *last = memory_allocate((size_t)selection->count + 1, sizeof *last);

	json_begin_object(json_key(json, "counters"));
	COLUMN(json, "site", counters, count, site);
	COLUMN(json, "moment", counters, count, snapshot);
	struct column bytes = column_begin(json, "bytes");
	for (size_t i = 0; i < count; i++)
		column_add(&bytes, (uint64_t)round(counters[i].bytes));
	column_end(&bytes);
	struct column objects = column_begin(json, "objects");
	for (size_t i = 0; i < count; i++)
		column_add(&objects, (uint64_t)round(counters[i].objects));
	column_end(&objects);
	json_begin_array(json_key(json, "largest"));
	for (size_t i = 0; i < count; i++) {
		const double largest = counters[i].largest;
		json_real(json, largest == last[counters[i].site] ? 0 : largest);
		last[counters[i].site] = largest;
	}
	json_end_array(json);
	json_end_object(json);
	free(last);
}

static void source_line_render(struct json *json, const struct source_file *file, uint32_t number)
{
	struct buffer text = {0};
	const char *line;
	size_t bytes;

	if (source_file_line(file, number, &line, &bytes))
		source_text_append(&text, line, bytes, 0);
	json_text(json, text.length ? text.data : "");
	buffer_free(&text);
}

/* The lines of source, as far as they may be shown and can be read. */
static void sources_render(struct json *json, const struct source_excerpt *excerpt)
{
	struct string_pool *names = string_pool_create();

	json_begin_object(json_key(json, "sources"));
	json_unsigned(json_key(json, "left_out"), excerpt->left_out);
	json_begin_array(json_key(json, "files"));
	for (uint32_t i = 0; i < excerpt->count; i++) {
		const struct excerpt_file *file = &excerpt->files[i];
		json_begin_object(json);
		json_text(json_key(json, "name"), page_text_safe(names, file->name));
		json_text_or_null(json_key(json, "fault"), file->source->fault);
		json_bool(json_key(json, "newer"), file->is_newer);
		struct column numbers = column_begin(json, "numbers");
		for (uint32_t k = 0; k < file->count; k++)
			column_add(&numbers, file->numbers[k]);
		column_end(&numbers);
		json_begin_array(json_key(json, "lines"));
		for (uint32_t k = 0; k < file->count; k++)
			source_line_render(json, &file->source->file, file->numbers[k]);
		json_end_array(json);
		json_end_object(json);
	}
	json_end_array(json);
	json_end_object(json);
	string_pool_free(names);
}

static void page_data_render(struct buffer *out, const struct page *page)
{
	struct json json = {.out = out};
	struct buffer losses = {0};
	struct page_selection selection = {0};
	uint32_t *rows = page->selection ? NULL : page_rows_of_sites(page);

	if (page->selection)
		selection = *page->selection;
	else
		page_select(&selection, page, rows, PAGE_ENTRIES_MOST);
	losses_append(&losses, page->whole);
	json_begin_object(&json);
	json_text(json_key(&json, "schema"), "seep.page/1");
	json_text(json_key(&json, "version"), SEEP_VERSION);
	json_profile(&json, page->whole);
	json_losses(&json, page->whole);
	json_text(json_key(&json, "losses_text"), losses.data);
	/* Notes are about the judged moment, as everywhere: what a shutdown leaves would say other things about
	 * names. */
	json_notes(&json, page->places ? page->places->reference : page->whole);
	json_text_or_null(json_key(&json, "metric"), page->metric);
	json_bool(json_key(&json, "unsure"), page->is_unsure);
	moments_render(&json, page);
	page_answer_render(&json, page);
	cells_render(&json, selection.cells, selection.cell_count);
	rest_render(&json, &selection);
	counters_render(&json, &selection);
	sites_render(&json, page, &selection, rows);
	if (page->sources)
		sources_render(&json, page->sources);
	else
		json_null(json_key(&json, "sources"));
	json_end_object(&json);
	buffer_free(&losses);
	if (!page->selection)
		page_selection_free(&selection);
	free(rows);
}

void page_data_pack(struct buffer *out, const struct page *page)
{
	struct buffer data = {0};

	page_data_render(&data, page);
	gzip_pack(out, data.data, data.length);
	buffer_free(&data);
}
