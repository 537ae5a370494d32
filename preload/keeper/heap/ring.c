/* SPDX-License-Identifier: Apache-2.0 */
/* The ring of events: see ring.h for its states. */
#include "keeper/heap/ring.h"

#include "keeper/base/atomics.h"
#include "keeper/base/invariant.h"

/* 24 bits over everything but the check itself: a record that was half-written, or overwritten by a stray store of the
 * program, does not pass. */
static uint64_t event_check(uint64_t low, uint64_t size_rate, uint64_t time_ns, uint64_t site_thread)
{
	uint64_t hash = low * UINT64_C(0x9e3779b97f4a7c15);
	hash = (hash ^ hash >> 29 ^ size_rate) * UINT64_C(0xbf58476d1ce4e5b9);
	hash = (hash ^ hash >> 32 ^ time_ns) * UINT64_C(0x94d049bb133111eb);
	hash = (hash ^ hash >> 29 ^ site_thread) * UINT64_C(0x9e3779b97f4a7c15);
	return hash >> 40;
}

bool ring_push(const struct heap *heap, const struct event *event)
{
	struct seep_heap_header *header = heap->header;
	uint32_t capacity = heap->capacity[SEEP_AREA_RING];
	uint64_t position = load_relaxed(&header->ring_head);
	do {
		/* acquire: pairs with the consumer's release of the tail, so that its reads of the slot are over */
		if (position - load_acquire(&header->ring_tail) >= capacity)
			return false;
	} while (!atomic_compare_exchange_weak_explicit(&header->ring_head, &position, position + 1,
							memory_order_relaxed, memory_order_relaxed));
	struct seep_event *slot = &heap->ring[position & (capacity - 1)];
	uint64_t size_rate = (event->size & SEEP_SIZE_LIMIT) | (uint64_t)event->rate_index << 48;
	uint64_t site_thread = event->site | (uint64_t)event->thread << 32;
	uint64_t kind = event->kind | (event->grown ? SEEP_EVENT_GROWN : 0u);
	uint64_t low = (uint32_t)(position + 1) | kind << 32;
	INVARIANT(load_relaxed(&header->ring_tail) <=
		  position); /* the consumer stops at the first event that is not committed */
	store_relaxed(&slot->size_rate, size_rate);
	store_relaxed(&slot->time_ns, event->time_ns);
	store_relaxed(&slot->site_thread, site_thread);
	store_release(&slot->commit, low | event_check(low, size_rate, event->time_ns, site_thread) << 40);
	return true;
}

enum ring_read ring_read(const struct heap *heap, uint64_t position, struct event *event)
{
	struct seep_heap_header *header = heap->header;
	uint64_t head = load_acquire(&header->ring_head);
	if (position >= head || head - position > heap->capacity[SEEP_AREA_RING])
		return RING_EMPTY;
	struct seep_event *slot = &heap->ring[position & (heap->capacity[SEEP_AREA_RING] - 1)];
	uint64_t commit = load_acquire(&slot->commit);
	if ((uint32_t)commit != (uint32_t)(position + 1))
		return RING_HOLE;
	uint64_t size_rate = load_relaxed(&slot->size_rate), time_ns = load_relaxed(&slot->time_ns);
	uint64_t site_thread = load_relaxed(&slot->site_thread);
	uint64_t low = commit & ((UINT64_C(1) << 40) - 1);
	uint32_t flags = (uint32_t)(low >> 32) & SEEP_EVENT_GROWN, kind = (uint32_t)(low >> 32) & ~SEEP_EVENT_GROWN;
	if (event_check(low, size_rate, time_ns, site_thread) != commit >> 40 || kind < SEEP_EVENT_ALLOCATED ||
	    kind > SEEP_EVENT_FREED_REMOTELY)
		return RING_CORRUPT;
	*event = (struct event){.kind = kind,
				.size = size_rate & SEEP_SIZE_LIMIT,
				.rate_index = (uint32_t)(size_rate >> 48) & 0xff,
				.site = (uint32_t)site_thread,
				.thread = (uint32_t)(site_thread >> 32),
				.time_ns = time_ns,
				.grown = flags != 0};
	return RING_EVENT;
}

size_t ring_fold(const struct heap *heap, size_t limit, bool dead)
{
	struct seep_heap_header *header = heap->header;
	uint64_t position = load_relaxed(&header->ring_tail);
	size_t folded = 0;
	for (; folded < limit; folded++, position++) {
		struct event event;
		enum ring_read what = ring_read(heap, position, &event);
		if (what == RING_EMPTY || (what == RING_HOLE && !dead))
			break;
		/* From here to the tail's store a death leaves this one event in doubt; ring_folding says so. */
		store_release(&header->ring_folding, position + 1);
		if (what == RING_EVENT)
			site_fold(heap, &event);
		else
			heap_count_loss(heap, what == RING_HOLE ? SEEP_LOSS_RING_HOLES : SEEP_LOSS_RING_CORRUPT);
		store_release(&header->ring_tail, position + 1);
	}
	return folded;
}
