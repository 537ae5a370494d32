/* SPDX-License-Identifier: Apache-2.0 */
/* See cells.h. A sample is known again by its address and its birth, as in compare/samples.c. */
#include "page/cells.h"

#include <stdlib.h>

#include "base/map.h"
#include "base/memory.h"
#include "statistics/measure.h"

/* A sample from the snapshot that saw it first to the last that did. */
struct object {
	uint64_t address, birth_ns, size, rate;
	uint32_t site, born, seen;
};

struct site_state {
	double bytes, objects, largest;
};

struct page_history {
	struct map *sites;   /* profile_site.key -> number + 1 */
	struct map *objects; /* hash of address and birth -> index + 1 of the last object that had them */
	struct site_state *states;
	size_t state_capacity;
	struct object *all;
	size_t object_count, object_capacity;
	struct page_counter *counters;
	size_t counter_count, counter_capacity;
	struct page_cell *cells;
	size_t cell_count;
	uint32_t snapshots;
	uint64_t seed;
};

struct page_history *page_history_create(void)
{
	struct page_history *history = memory_allocate(1, sizeof *history);

	history->sites = map_create();
	history->objects = map_create();
	history->seed = hash_secret();
	return history;
}

void page_history_free(struct page_history *history)
{
	map_free(history->sites);
	map_free(history->objects);
	free(history->states);
	free(history->all);
	free(history->counters);
	free(history->cells);
	free(history);
}

uint32_t page_history_sites(const struct page_history *history)
{
	return (uint32_t)map_count(history->sites);
}

uint32_t page_history_site(const struct page_history *history, uint64_t key)
{
	const uint64_t *number = map_get(history->sites, key);

	return number ? (uint32_t)*number - 1 : UINT32_MAX;
}

static uint32_t site_number(struct page_history *history, uint64_t key)
{
	uint64_t *slot = map_put(history->sites, key, NULL);

	if (*slot == 0) {
		*slot = map_count(history->sites);
		const size_t count = (size_t)*slot - 1;
		ARRAY_RESERVE(history->states, count, history->state_capacity);
		history->states[count] = (struct site_state){0};
	}
	return (uint32_t)*slot - 1;
}

static void counter_add(struct page_history *history, uint32_t site, const struct seep_measure *allocated)
{
	struct site_state *state = &history->states[site];
	const struct site_state now = {sum_estimate(&allocated->bytes), sum_estimate(&allocated->objects),
				       allocated->objects.largest};

	if (now.bytes == state->bytes && now.objects == state->objects && now.largest == state->largest)
		return;
	*state = now;
	ARRAY_RESERVE(history->counters, history->counter_count, history->counter_capacity);
	history->counters[history->counter_count++] =
	    (struct page_counter){site, history->snapshots, now.bytes, now.objects, now.largest};
}

static void object_add(struct page_history *history, const struct profile_sample *sample, uint32_t site)
{
	const uint64_t identity[] = {sample->address, sample->birth_ns};
	uint64_t *slot = map_put(history->objects, hash_bytes(history->seed, identity, sizeof identity), NULL);
	struct object *object = *slot ? &history->all[*slot - 1] : NULL;

	/* The snapshot before saw it, too: it goes on. Two of one snapshot with one identity are two. */
	if (object && object->address == sample->address && object->birth_ns == sample->birth_ns &&
	    object->seen + 1 == history->snapshots) {
		object->seen = history->snapshots;
		return;
	}
	ARRAY_RESERVE(history->all, history->object_count, history->object_capacity);
	history->all[history->object_count++] =
	    (struct object){sample->address,    sample->birth_ns,  sample->size, sample->rate, site,
			    history->snapshots, history->snapshots};
	*slot = history->object_count;
}

void page_history_add(struct page_history *history, const struct profile *profile)
{
	uint32_t *numbers = memory_allocate((size_t)profile->site_count + 1, sizeof *numbers);

	for (uint32_t i = 0; i < profile->site_count; i++) {
		numbers[i] = site_number(history, profile->sites[i].key);
		counter_add(history, numbers[i], &profile->sites[i].allocated);
	}
	for (uint32_t i = 0; i < profile->sample_count; i++)
		object_add(history, &profile->samples[i], numbers[profile->samples[i].site]);
	history->snapshots++;
	free(numbers);
}

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

const struct page_cell *page_history_cells(struct page_history *history, size_t *count)
{
	free(history->cells);
	history->cells = memory_allocate(history->object_count + 1, sizeof *history->cells);
	for (size_t i = 0; i < history->object_count; i++) {
		const struct object *object = &history->all[i];
		history->cells[i] =
		    (struct page_cell){object->site, object->born, object->seen + 1, 1, object->size, object->rate};
	}
	qsort(history->cells, history->object_count, sizeof *history->cells, cell_compare);
	history->cell_count = 0;
	for (size_t i = 0; i < history->object_count; i++) {
		struct page_cell *last = &history->cells[history->cell_count];
		if (history->cell_count && cell_compare(last - 1, &history->cells[i]) == 0)
			last[-1].count++;
		else
			history->cells[history->cell_count++] = history->cells[i];
	}
	*count = history->cell_count;
	return history->cells;
}

const struct page_counter *page_history_counters(const struct page_history *history, size_t *count)
{
	*count = history->counter_count;
	return history->counters;
}
