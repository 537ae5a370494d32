/* SPDX-License-Identifier: Apache-2.0 */
#include "support/recycle_maker.h"

#include <stdlib.h>

#include "keeper/base/atomics.h"
#include "keeper/heap/live.h"
#include "keeper/heap/ring.h"
#include "keeper/heap/site_users.h"
#include "keeper/heap/stacks.h"
#include "keeper/snapshot/live_scan.h"
#include "keeper/snapshot/recycle.h"
#include "support/heap_maker.h"

/* A heap file with few sites, and few live samples, which each round reads. */
void small_make(struct heap *heap, uint64_t rate)
{
	heap_make(heap, rate, 0);
	heap->capacity[SEEP_AREA_SITES] = SITES;
	heap->capacity[SEEP_AREA_INDEX0] = heap->capacity[SEEP_AREA_INDEX1] = 16;
	heap->capacity[SEEP_AREA_INDEX2] = 2 * SITES;
	heap->capacity[SEEP_AREA_STACKS] = 5 * SITES;
	heap->capacity[SEEP_AREA_LIFETIMES] = 4 * SITES;
	heap->capacity[SEEP_AREA_MODULES] = 32;
	for (int level = 0; level < SEEP_LIVE_LEVELS; level++)
		heap->capacity[SEEP_AREA_LIVE0 + level] = heap->capacity[SEEP_AREA_HOMES0 + level] = 512;
}

uint64_t loss(const struct heap *heap, enum seep_loss_key key)
{
	return load_relaxed(&heap->header->losses[key]);
}

void push(const struct heap *heap, const struct event *event)
{
	if (!ring_push(heap, event))
		site_fold(heap, event);
	site_let_go(heap, event->site);
}

/* As the recorder does, from a stack of `depth` frames that `number` decides; the site. */
uint32_t allocate(const struct heap *heap, uint64_t address, unsigned number, unsigned depth)
{
	uintptr_t stack[64];
	for (unsigned i = 0; i < depth; i++)
		stack[i] = LEAF + number + 0x10000 * i;
	struct live_entry entry = {.address = address, .size = number, .birth_ns = address};
	entry.site = stack_site(heap, stack, depth, false);
	if (!live_insert(heap, &entry))
		abort();
	push(heap, &(struct event){
		       .kind = SEEP_EVENT_ALLOCATED, .size = number, .site = entry.site, .time_ns = entry.birth_ns});
	return entry.site;
}

void release(const struct heap *heap, uint64_t address, uint64_t lifetime_ns)
{
	struct live_entry entry;
	if (!live_remove(heap, address, &entry))
		abort();
	push(heap,
	     &(struct event){.kind = SEEP_EVENT_FREED, .size = entry.size, .site = entry.site, .time_ns = lifetime_ns});
}

/* The keeper's step. */
void keep(const struct heap *heap)
{
	ring_fold(heap, heap->capacity[SEEP_AREA_RING], false);
	if (recycle_is_due(heap))
		recycle(heap);
}

struct sums sums_of(const struct snapshot *snapshot)
{
	struct sums sums = {0};
	for (uint64_t i = 0; i < snapshot->site_count; i++) {
		const struct seep_site *site = &snapshot->sites[i];
		sums.allocated += site->allocated.samples;
		sums.freed += site->freed.samples;
		sums.in_use += site->in_use.samples;
		sums.nameless += site->node ? 0 : site->in_use.samples;
		sums.allocated_bytes += measure_bytes(&site->allocated);
		sums.freed_bytes += measure_bytes(&site->freed);
	}
	for (uint64_t i = 0; i < snapshot->lifetime_count; i++)
		sums.lifetimes += snapshot->lifetimes[i].samples;
	return sums;
}

/* Checks by their sizes that every live sample has the stack from which it was allocated. */
bool names_are_right(const struct heap *heap)
{
	struct live_scan scan = live_scan_begin(heap);
	struct live_entry entry;
	uint64_t frame;
	while (live_scan_next(&scan, &entry) == LIVE_ENTRY) {
		const struct seep_heap_cell *stack = stack_of_site(heap, entry.site);
		if (!stack)
			return false;
		struct stack_reader reader = stack_read_begin(heap, stack);
		if (!stack_read(&reader, &frame) || frame != LEAF + entry.size)
			return false;
	}
	return true;
}
