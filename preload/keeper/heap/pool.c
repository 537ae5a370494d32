/* SPDX-License-Identifier: Apache-2.0 */
/* Entries that are given out and come back: see pool.h. */
#include "keeper/heap/pool.h"

#include "keeper/base/atomics.h"
#include "keeper/heap/area_growth.h"

static seep_atomic32 *next_of(const struct heap *heap, enum seep_area_id id, uint32_t entry)
{
	if (id == SEEP_AREA_STACKS)
		return &heap->stacks[entry].next;
	return id == SEEP_AREA_SITES ? &heap->sites[entry].next_free : &heap->lifetimes[entry].next;
}

/* Entries that were ever given out, entry 0 included. */
static seep_atomic32 *count_of(const struct heap *heap, enum seep_area_id id)
{
	if (id == SEEP_AREA_STACKS)
		return &heap->header->cell_count;
	return id == SEEP_AREA_SITES ? &heap->header->site_count : &heap->header->lifetime_count;
}

static uint64_t head_word(uint64_t before, uint32_t first)
{
	return ((before >> 32) + 1) << 32 | first;
}

static uint32_t take_free(const struct heap *heap, enum seep_area_id id)
{
	seep_atomic64 *head = &heap->header->free[id];
	uint64_t word = load_acquire(head);
	uint32_t entry, next;
	do {
		entry = (uint32_t)word;
		if (entry == 0 || entry >= heap->capacity[id]) /* or the file is damaged */
			return 0;
		next = load_relaxed(
		    next_of(heap, id, entry)); /* perhaps another thread's by now; then the head has changed */
	} while (!atomic_compare_exchange_weak_explicit(head, &word, head_word(word, next), memory_order_acquire,
							memory_order_acquire));
	atomic_fetch_sub_explicit(&heap->header->free_count[id], 1, memory_order_relaxed);
	return entry;
}

static uint32_t take_unused(const struct heap *heap, enum seep_area_id id)
{
	seep_atomic32 *count = count_of(heap, id);
	uint32_t entry = load_relaxed(count);
	do {
		if (entry >= area_room_for(heap, id, entry + 1))
			return 0;
	} while (!atomic_compare_exchange_weak_explicit(count, &entry, entry + 1, memory_order_relaxed,
							memory_order_relaxed));
	return entry;
}

uint32_t pool_take(const struct heap *heap, enum seep_area_id id)
{
	uint32_t entry = take_free(heap, id);
	return entry ? entry : take_unused(heap, id);
}

void pool_give(const struct heap *heap, enum seep_area_id id, uint32_t entry)
{
	seep_atomic64 *head = &heap->header->free[id];
	uint64_t word = load_relaxed(head);
	add_relaxed(&heap->header->free_count[id],
		    1); /* first, so that the count is never below the number of entries */
	do
		store_relaxed(next_of(heap, id, entry), (uint32_t)word);
	while (!atomic_compare_exchange_weak_explicit(head, &word, head_word(word, entry), memory_order_release,
						      memory_order_relaxed));
}

uint32_t pool_used(const struct heap *heap, enum seep_area_id id)
{
	uint32_t free = load_relaxed(&heap->header->free_count[id]), count = load_relaxed(count_of(heap, id));
	return count > free ? count - free : 0;
}
