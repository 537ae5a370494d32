/* SPDX-License-Identifier: Apache-2.0 */
/* See cells.h. */
#include "page/cells.h"

#include <stdlib.h>

#include "base/memory.h"
#include "statistics/measure.h"

#define ORDER(field)                                                                                                   \
	if (a->field != b->field)                                                                                      \
	return a->field < b->field ? -1 : 1

static int cell_compare(const void *left, const void *right)
{
	const struct page_cell *a = left, *b = right;

	ORDER(site);
	ORDER(born);
	ORDER(dead);
	ORDER(size);
	ORDER(rate);
	return 0;
}

static struct page_cell cell_of(const struct followed *object)
{
	return (struct page_cell){object->site, object->first, object->last + 1u, 1, object->size, object->rate};
}

/* Makes cells of one sample each. A sample that was missing for a while is in several. */
static struct page_cell *cells_make(const struct history *history)
{
	struct page_cell *cells = memory_allocate(history->object_count + history->gap_count + 1, sizeof *cells);

	for (size_t i = 0; i < history->object_count; i++)
		cells[i] = cell_of(&history->objects[i]);
	for (size_t i = 0; i < history->gap_count; i++) {
		const struct followed_gap *gap = &history->gaps[i];
		struct page_cell *later = &cells[gap->object], *earlier = &cells[history->object_count + i];
		*earlier = *later;
		earlier->dead = gap->first;
		later->born = gap->end;
	}
	return cells;
}

struct page_cell *page_cells_of(const struct history *history, size_t *count)
{
	const size_t single_count = history->object_count + history->gap_count;
	struct page_cell *cells = cells_make(history);

	qsort(cells, single_count, sizeof *cells, cell_compare);
	*count = 0;
	for (size_t i = 0; i < single_count; i++) {
		struct page_cell *last = &cells[*count];
		if (*count && cell_compare(last - 1, &cells[i]) == 0)
			last[-1].count++;
		else
			cells[(*count)++] = cells[i];
	}
	return cells;
}

static void sites_reserve(struct page_counters *counters, size_t site_count)
{
	while (counters->site_count < site_count) {
		const size_t count = counters->site_count++;
		if (count == counters->site_capacity) {
			counters->site_capacity = count ? 2 * count : 1024;
			counters->now = memory_resize(counters->now, counters->site_capacity, sizeof *counters->now);
			counters->last = memory_resize(counters->last, counters->site_capacity, sizeof *counters->last);
		}
		counters->last[count] = 0;
	}
}

static void counter_add(struct page_counters *counters, uint32_t site, uint32_t snapshot)
{
	const struct page_counter *last = counters->last[site] ? &counters->all[counters->last[site] - 1] : NULL;
	const struct seep_measure *sum = &counters->now[site];
	const struct page_counter now = {site, snapshot, sum_estimate(&sum->bytes), sum_estimate(&sum->objects),
					 sum->objects.largest};

	if (now.bytes == (last ? last->bytes : 0) && now.objects == (last ? last->objects : 0) &&
	    now.largest == (last ? last->largest : 0))
		return;
	ARRAY_RESERVE(counters->all, counters->count, counters->capacity);
	counters->all[counters->count++] = now;
	counters->last[site] = (uint32_t)counters->count;
}

void page_counters_add(struct page_counters *counters, const struct history *history, const struct moment *moment)
{
	const uint32_t *sites = history_sites(history);

	sites_reserve(counters, history->site_count);
	for (uint32_t i = 0; i < moment->site_count; i++)
		counters->now[sites[i]] = (struct seep_measure){0};
	for (uint32_t i = 0; i < moment->site_count; i++) {
		const struct seep_measure allocated = moment_allocated(moment, i);
		measure_add(&counters->now[sites[i]], &allocated);
	}
	for (uint32_t i = 0; i < moment->site_count; i++)
		counter_add(counters, sites[i], (uint32_t)history->count - 1);
}

/* ---- several recordings added up ---- */

size_t page_place_of(const struct history_part *part, size_t moment)
{
	return part->history->moments[part->moment_of[moment]].place;
}

/* What each site has allocated, moment by moment of the sum. */
struct adding {
	struct page_counters *to;
	const struct history *sum;
	struct page_counter **last; /* by part, then by its site */
	size_t *next;               /* by part: its next counter */
	struct page_counter *total; /* by the sum's site */
	bool *is_new;               /* by the sum's site: it changed at this moment */
};

static uint32_t site_of(const struct adding *adding, const struct history_part *part, uint32_t site)
{
	return numbering_get(&adding->sum->by_key, part->history->by_key.keys[site]);
}

/* Takes over what a part has counted up to its moment. */
static void part_take(struct adding *adding, const struct page_counters *from, const struct history_part *part,
		      size_t index, size_t moment)
{
	const size_t place = page_place_of(part, moment);

	for (; adding->next[index] < from->count && from->all[adding->next[index]].snapshot <= place;
	     adding->next[index]++) {
		const struct page_counter *now = &from->all[adding->next[index]];
		struct page_counter *last = &adding->last[index][now->site];
		const uint32_t site = site_of(adding, part, now->site);
		struct page_counter *total = &adding->total[site];
		total->bytes += now->bytes - last->bytes;
		total->objects += now->objects - last->objects;
		total->largest = now->largest > total->largest ? now->largest : total->largest;
		adding->is_new[site] = true;
		*last = *now;
	}
}

static void moment_close(struct adding *adding, size_t moment)
{
	struct page_counters *to = adding->to;

	for (uint32_t site = 0; site < adding->sum->site_count; site++) {
		if (!adding->is_new[site])
			continue;
		adding->is_new[site] = false;
		ARRAY_RESERVE(to->all, to->count, to->capacity);
		to->all[to->count] = adding->total[site];
		to->all[to->count].site = site;
		to->all[to->count++].snapshot = (uint32_t)moment;
	}
}

void page_counters_sum(struct page_counters *to, const struct history *sum, const struct page_counters *const *of,
		       const struct history_part *parts, size_t count)
{
	struct adding adding = {.to = to,
				.sum = sum,
				.last = memory_allocate(count, sizeof *adding.last),
				.next = memory_allocate(count, sizeof *adding.next),
				.total = memory_allocate(sum->site_count + 1u, sizeof *adding.total),
				.is_new = memory_allocate(sum->site_count + 1u, sizeof *adding.is_new)};

	for (size_t i = 0; i < count; i++)
		adding.last[i] = memory_allocate(of[i]->site_count + 1, sizeof **adding.last);
	for (size_t k = 0; k < sum->count; k++) {
		for (size_t i = 0; i < count; i++)
			part_take(&adding, of[i], &parts[i], i, k);
		moment_close(&adding, k);
	}
	for (size_t i = 0; i < count; i++)
		free(adding.last[i]);
	free(adding.last);
	free(adding.next);
	free(adding.total);
	free(adding.is_new);
}

void page_counters_free(struct page_counters *counters)
{
	free(counters->all);
	free(counters->now);
	free(counters->last);
	*counters = (struct page_counters){0};
}
