/* SPDX-License-Identifier: Apache-2.0 */
/* The ring of calls that mapped memory: see mapping_ring.h. */
#include "keeper/mappings/mapping_ring.h"

#include "keeper/base/atomics.h"

#define WORDS 7 /* of an event, beside the commit */
#define LOW_BITS 40

/* The words behind the commit, in their order. */
static seep_atomic64 *words_of(struct seep_mapping_event *slot)
{
	return &slot->address;
}

/* 24 bits, as the check of keeper/heap/ring.c. */
static uint64_t words_check(uint64_t low, const uint64_t words[static WORDS])
{
	uint64_t hash = low * UINT64_C(0x9e3779b97f4a7c15);
	for (int i = 0; i < WORDS; i++)
		hash = (hash ^ hash >> 29 ^ words[i]) * UINT64_C(0xbf58476d1ce4e5b9);
	return (hash ^ hash >> 32) >> LOW_BITS;
}

static bool position_take(const struct heap *heap, uint64_t *position, bool *half)
{
	struct seep_heap_header *header = heap->header;
	const uint64_t capacity = heap->capacity[SEEP_AREA_MAPPING_RING];
	uint64_t used;
	*position = load_relaxed(&header->mapping_head);
	do {
		/* acquire: the consumer's reads of the slot are over */
		used = *position - load_acquire(&header->mapping_tail);
		if (used >= capacity)
			return false;
	} while (!atomic_compare_exchange_weak_explicit(&header->mapping_head, position, *position + 1,
							memory_order_acq_rel, memory_order_relaxed));
	*half = used == capacity / 2;
	return true;
}

enum mapping_push mapping_ring_push(const struct heap *heap, const struct mapping_event *event)
{
	uint64_t position;
	bool half;
	if (!position_take(heap, &position, &half))
		return MAPPING_REFUSED;
	struct seep_mapping_event *slot = &heap->mapping_ring[position & (heap->capacity[SEEP_AREA_MAPPING_RING] - 1)];
	const uint64_t words[WORDS] = {event->address,
				       event->length,
				       event->old_address,
				       event->old_length % MAPPING_LENGTH_LIMIT | (uint64_t)event->sort << 56,
				       event->since,
				       event->time_ns,
				       event->site | (uint64_t)event->thread << 32};
	const uint64_t low = (uint32_t)(position + 1) | (uint64_t)event->kind << 32;
	for (int i = 0; i < WORDS; i++)
		store_relaxed(&words_of(slot)[i], words[i]);
	store_release(&slot->commit, low | words_check(low, words) << LOW_BITS);
	return half ? MAPPING_PUSHED_HALF : MAPPING_PUSHED;
}

enum mapping_read mapping_ring_read(const struct heap *heap, uint64_t position, struct mapping_event *event)
{
	const uint64_t head = load_acquire(&heap->header->mapping_head);
	uint64_t words[WORDS];
	if (position >= head || head - position > heap->capacity[SEEP_AREA_MAPPING_RING])
		return MAPPING_EMPTY;
	struct seep_mapping_event *slot = &heap->mapping_ring[position & (heap->capacity[SEEP_AREA_MAPPING_RING] - 1)];
	const uint64_t commit = load_acquire(&slot->commit);
	if ((uint32_t)commit != (uint32_t)(position + 1))
		return MAPPING_HOLE;
	for (int i = 0; i < WORDS; i++)
		words[i] = load_relaxed(&words_of(slot)[i]);
	const uint64_t low = commit & ((UINT64_C(1) << LOW_BITS) - 1);
	const uint32_t kind = (uint32_t)(low >> 32);
	if (words_check(low, words) != commit >> LOW_BITS || kind < SEEP_MAPPING_MAPPED || kind > SEEP_MAPPING_DETACHED)
		return MAPPING_CORRUPT;
	*event = (struct mapping_event){.kind = kind,
					.sort = (uint32_t)(words[3] >> 56),
					.address = words[0],
					.length = words[1],
					.old_address = words[2],
					.old_length = words[3] % MAPPING_LENGTH_LIMIT,
					.since = words[4],
					.time_ns = words[5],
					.site = (uint32_t)words[6],
					.thread = (uint32_t)(words[6] >> 32)};
	return MAPPING_EVENT;
}
