/* SPDX-License-Identifier: Apache-2.0 */
/* The state of mappings in a heap file: see mapping_fold.h. */
#include "keeper/mappings/mapping_fold.h"

#include "keeper/base/atomics.h"
#include "keeper/heap/area_growth.h"

#define ATTEMPTS 4
#define RING_CALLS_MOST 4096 /* more than any ring has that seep made */

static uint32_t room_of(const struct heap *heap, enum seep_area_id id)
{
	return area_room(heap, id) / 2;
}

static uint32_t at_most(uint32_t value, uint32_t limit)
{
	return value < limit ? value : limit;
}

/* The file may be damaged: an impossible piece is left out. */
static void state_load(struct mapping_table *table, const struct heap *heap, uint32_t round)
{
	const uint32_t which = round % 2;
	struct seep_heap_mapping_state state;
	words_copy(&state, &heap->header->mapping_states[which], sizeof state);
	table->tail = state.tail;
	table->lost = state.lost;
	table->site_count =
	    at_most(at_most(state.site_count, room_of(heap, SEEP_AREA_MAPPING_SITES)), table->site_capacity);
	table->site_count += table->site_count == 0;
	for (uint32_t i = 0; i < table->site_count; i++)
		words_copy(&table->sites[i], &heap->mapping_sites[2 * i + which], sizeof *table->sites);
	const uint32_t count = at_most(at_most(state.count, room_of(heap, SEEP_AREA_MAPPINGS)), table->capacity);
	table->count = 0;
	for (uint32_t i = 0; i < count; i++) {
		struct seep_heap_mapping *piece = &table->mappings[table->count];
		words_copy(piece, &heap->mappings[2 * i + which], sizeof *piece);
		table->count += piece->start < piece->end && piece->site < table->site_count;
	}
}

static void state_store(const struct mapping_table *table, const struct heap *heap, uint32_t round)
{
	const uint32_t which = round % 2;
	const struct seep_heap_mapping_state state = {
	    .tail = table->tail, .lost = table->lost, .count = table->count, .site_count = table->site_count};
	for (uint32_t i = 0; i < table->site_count; i++)
		words_copy(&heap->mapping_sites[2 * i + which], &table->sites[i], sizeof *table->sites);
	for (uint32_t i = 0; i < table->count; i++)
		words_copy(&heap->mappings[2 * i + which], &table->mappings[i], sizeof *table->mappings);
	words_copy(&heap->header->mapping_states[which], &state, sizeof state);
}

/* A position that is reserved and not committed is waited for, unless its producer is gone: the program has ended, or the
 * ring has filled up behind it. */
static void events_take(struct mapping_table *table, const struct heap *heap, bool dead)
{
	const uint64_t head = load_acquire(&heap->header->mapping_head),
		       capacity = heap->capacity[SEEP_AREA_MAPPING_RING];
	struct mapping_event event;
	if (head > table->tail && head - table->tail > capacity) { /* damage */
		table->lost += head - table->tail - capacity;
		table->tail = head - capacity;
	}
	for (; table->tail < head; table->tail++) {
		const enum mapping_read what = mapping_ring_read(heap, table->tail, &event);
		if (what == MAPPING_HOLE && !dead && head - table->tail < capacity)
			return;
		if (what == MAPPING_EVENT)
			mapping_table_apply(table, &event, table->tail);
		else
			table->lost++;
	}
}

static bool table_make(struct mapping_table *table, const struct heap *heap, uint32_t pieces)
{
	return mapping_table_make(table, pieces, room_of(heap, SEEP_AREA_MAPPING_SITES));
}

void mapping_fold(const struct heap *heap, bool dead)
{
	struct seep_heap_header *header = heap->header;
	const uint32_t round = load_relaxed(&header->mapping_round);
	const uint64_t tail = header->mapping_states[round % 2].tail;
	struct mapping_table table;
	if (tail == load_acquire(&header->mapping_head) || !table_make(&table, heap, room_of(heap, SEEP_AREA_MAPPINGS)))
		return;
	state_load(&table, heap, round);
	events_take(&table, heap, dead);
	if (table.tail != tail) {
		state_store(&table, heap, round + 1);
		store_release(&header->mapping_round, round + 1);
		store_release(&header->mapping_tail, table.tail);
	}
	mapping_table_free(&table);
}

bool mapping_table_read(struct mapping_table *table, const struct heap *heap, bool dead)
{
	/* Each call in the ring may add two pieces, for which the file need not have room. */
	const uint32_t more = 2 * at_most(heap->capacity[SEEP_AREA_MAPPING_RING], RING_CALLS_MOST);
	if (!table_make(table, heap, room_of(heap, SEEP_AREA_MAPPINGS) + more))
		return false;
	for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
		const uint32_t round = load_acquire(&heap->header->mapping_round);
		state_load(table, heap, round);
		events_take(table, heap, dead);
		atomic_thread_fence(memory_order_acquire);
		if (load_relaxed(&heap->header->mapping_round) == round)
			return true;
	}
	mapping_table_free(table);
	return false;
}

void mapping_visit_stacks(const struct heap *heap, void (*visit)(uint32_t site, void *context), void *context)
{
	const struct seep_heap_header *header = heap->header;
	const uint32_t which = load_relaxed(&header->mapping_round) % 2;
	const struct seep_heap_mapping_state *state = &header->mapping_states[which];
	const uint32_t sites = at_most(state->site_count, room_of(heap, SEEP_AREA_MAPPING_SITES));
	const uint64_t head = load_acquire(&header->mapping_head), capacity = heap->capacity[SEEP_AREA_MAPPING_RING];
	uint64_t position = head > state->tail && head - state->tail > capacity ? head - capacity : state->tail;
	struct mapping_event event;
	for (uint32_t i = 1; i < sites; i++)
		visit(heap->mapping_sites[2 * i + which].stack, context);
	for (; position < head; position++)
		if (mapping_ring_read(heap, position, &event) == MAPPING_EVENT)
			visit(event.site, context);
}
