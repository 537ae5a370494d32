/* SPDX-License-Identifier: Apache-2.0 */
/* See selection.h. */
#include "page/selection.h"

#include <stdlib.h>

#include "base/map.h"
#include "base/memory.h"

uint32_t *page_rows_of_sites(const struct page *page)
{
	const struct leaks *places = page->places;
	uint32_t *rows = memory_allocate((size_t)page->history->site_count + 1, sizeof *rows);

	if (!places)
		return rows;
	uint32_t *row_of = memory_allocate((size_t)places->groups.count + 1, sizeof *row_of);
	for (uint32_t i = 0; i < places->count && i < PAGE_ROWS_MOST; i++)
		row_of[places->rows[i].group] = i + 1;
	for (uint32_t i = 0; i < page->whole->site_count; i++) {
		const uint32_t number = numbering_get(&page->history->by_key, page->whole->sites[i].key);
		const uint32_t place = group_table_of_stack(&places->groups, page->whole->sites[i].key);
		if (number != NUMBERING_NONE && place != NUMBERING_NONE)
			rows[number] = row_of[place];
	}
	free(row_of);
	return rows;
}

/* A site that needs room. */
struct candidate {
	uint32_t site, rank;
	size_t entries;
	double bytes; /* of all samples that any moment saw alive */
};

static int candidate_compare(const void *left, const void *right)
{
	const struct candidate *a = left, *b = right;

	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	if (a->bytes != b->bytes)
		return a->bytes > b->bytes ? -1 : 1;
	return a->site < b->site ? -1 : a->site > b->site;
}

static struct seep_measure cell_sum(const struct page_cell *cell)
{
	struct seep_measure sum = {0};

	for (uint32_t i = 0; i < cell->count; i++)
		measure_add_sample(&sum, cell->size, cell->rate);
	return sum;
}

static struct candidate *candidates_find(const struct page *page, const uint32_t *rows)
{
	const uint32_t count = page->history->site_count;
	struct candidate *candidates = memory_allocate((size_t)count + 1, sizeof *candidates);

	for (uint32_t site = 0; site < count; site++)
		candidates[site] = (struct candidate){site, rows[site] ? rows[site] : UINT32_MAX, 0, 0};
	for (size_t i = 0; i < page->cell_count; i++) {
		const struct seep_measure sum = cell_sum(&page->cells[i]);
		candidates[page->cells[i].site].entries++;
		candidates[page->cells[i].site].bytes += sum_estimate(&sum.bytes);
	}
	for (size_t i = 0; i < page->counters->count; i++)
		candidates[page->counters->all[i].site].entries++;
	qsort(candidates, count, sizeof *candidates, candidate_compare);
	return candidates;
}

/* Numbers the sites that have room, in the history's order; the others share one number. */
static void numbers_give(struct page_selection *selection, const struct page *page, const uint32_t *rows,
			 size_t entries_most)
{
	const uint32_t count = page->history->site_count;
	struct candidate *candidates = candidates_find(page, rows);
	size_t entries = 0;
	uint32_t chosen = 0;

	selection->number = memory_allocate((size_t)count + 1, sizeof *selection->number);
	for (uint32_t i = 0; i < count; i++)
		selection->number[i] = UINT32_MAX;
	for (; chosen < count && (entries += candidates[chosen].entries) <= entries_most; chosen++)
		selection->number[candidates[chosen].site] = 0;
	for (uint32_t i = 0; i < count; i++)
		selection->number[i] = selection->number[i] == 0 ? selection->count++ : chosen;
	selection->left_out = count - chosen;
	if (selection->left_out)
		selection->count++;
	free(candidates);
}

static int rest_compare(const void *left, const void *right)
{
	const struct page_rest *a = left, *b = right;

	if (a->born != b->born)
		return a->born < b->born ? -1 : 1;
	return a->dead < b->dead ? -1 : a->dead > b->dead;
}

static void cells_choose(struct page_selection *selection, const struct page *page)
{
	struct numbering rests = {0}; /* by birth and death */
	size_t capacity = 0;

	selection->cells = memory_allocate(page->cell_count + 1, sizeof *selection->cells);
	for (size_t i = 0; i < page->cell_count; i++) {
		struct page_cell cell = page->cells[i];
		const struct seep_measure sum = cell_sum(&cell);
		if (!page_site_is_left_out(selection, cell.site)) {
			cell.site = selection->number[cell.site];
			selection->cells[selection->cell_count++] = cell;
			continue;
		}
		bool is_new;
		const uint32_t rest = numbering_put(&rests, (uint64_t)cell.born << 32 | cell.dead, &is_new);
		if (is_new) {
			ARRAY_RESERVE(selection->rest, selection->rest_count, capacity);
			selection->rest[selection->rest_count++] =
			    (struct page_rest){cell.born, cell.dead, selection->count - 1, {0}};
		}
		measure_add(&selection->rest[rest].sum, &sum);
	}
	numbering_free(&rests);
	if (selection->rest_count)
		qsort(selection->rest, selection->rest_count, sizeof *selection->rest, rest_compare);
}

/* The shared site has a counter for each moment at which one of its sites has one. */
struct rest_counter {
	struct page_counter now;
	struct page_counter *last; /* by site of the history */
	bool changed;
};

static void rest_counter_put(struct page_selection *selection, struct rest_counter *rest)
{
	if (rest->changed)
		selection->counters[selection->counter_count++] = rest->now;
	rest->changed = false;
}

static void rest_counter_add(struct rest_counter *rest, const struct page_counter *counter)
{
	struct page_counter *last = &rest->last[counter->site];

	rest->now.bytes += counter->bytes - last->bytes;
	rest->now.objects += counter->objects - last->objects;
	if (counter->largest > rest->now.largest)
		rest->now.largest = counter->largest;
	rest->now.snapshot = counter->snapshot;
	rest->changed = true;
	*last = *counter;
}

static void counters_choose(struct page_selection *selection, const struct page *page)
{
	struct rest_counter rest = {
	    .now = {.site = selection->count - 1},
	    .last = memory_allocate((size_t)page->history->site_count + 1, sizeof *rest.last),
	};

	selection->counters =
	    memory_allocate(page->counters->count + page->moment_count + 1, sizeof *selection->counters);
	for (size_t i = 0; i < page->counters->count; i++) {
		struct page_counter counter = page->counters->all[i];
		if (rest.changed && counter.snapshot != rest.now.snapshot)
			rest_counter_put(selection, &rest);
		if (page_site_is_left_out(selection, counter.site)) {
			rest_counter_add(&rest, &counter);
			continue;
		}
		counter.site = selection->number[counter.site];
		selection->counters[selection->counter_count++] = counter;
	}
	rest_counter_put(selection, &rest);
	free(rest.last);
}

void page_select(struct page_selection *selection, const struct page *page, const uint32_t *rows, size_t entries_most)
{
	*selection = (struct page_selection){0};
	numbers_give(selection, page, rows, entries_most);
	cells_choose(selection, page);
	counters_choose(selection, page);
}

void page_selection_free(struct page_selection *selection)
{
	free(selection->number);
	free(selection->cells);
	free(selection->counters);
	free(selection->rest);
}
