/* SPDX-License-Identifier: Apache-2.0 */
/* The stack table: see stacks.h. */
#include "heap/stacks.h"

#include "base/atomics.h"
#include "heap/modules.h"
#include "heap/room.h"

#define HEADER_UNITS (sizeof(struct seep_heap_stack) / 8)

static uint64_t stack_hash(const uintptr_t *addresses, size_t depth, bool truncated, uint32_t epoch)
{
	uint64_t hash = epoch * UINT64_C(2) + truncated + 1;
	for (size_t i = 0; i < depth; i++) {
		hash = (hash ^ addresses[i]) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 32;
	}
	return hash;
}

static const struct seep_heap_stack *stack_at(const struct heap *heap, uint32_t unit)
{
	uint32_t capacity = heap->capacity[SEEP_AREA_STACKS];
	if (unit == 0 || capacity < HEADER_UNITS || unit > capacity - HEADER_UNITS)
		return NULL;
	const struct seep_heap_stack *stack = (const void *)&heap->stacks[unit];
	return stack->depth <= capacity - HEADER_UNITS - unit ? stack : NULL;
}

const struct seep_heap_stack *stack_of_site(const struct heap *heap, uint32_t site)
{
	if (site == 0 || site >= heap->capacity[SEEP_AREA_SITES])
		return NULL;
	return stack_at(heap, load_acquire(&heap->sites[site].stack));
}

/* The same addresses, rebuilt from the modules' load biases, in the same epoch? */
static bool stack_equals(const struct heap *heap, const struct seep_heap_stack *stack, uint64_t hash,
			 const uintptr_t *addresses, size_t depth)
{
	if (stack->hash != hash || stack->depth != depth)
		return false;
	for (size_t i = 0; i < depth; i++) {
		uint32_t number = SEEP_FRAME_MODULE(stack->frames[i]);
		const struct seep_heap_module *module = module_entry(heap, number);
		if (stack->frames[i] != module_frame_word(number, module ? module->bias : 0, addresses[i]))
			return false;
	}
	return true;
}

/* A site; 0 where they are full. */
static uint32_t reserve_site(const struct heap *heap)
{
	uint32_t entry = load_relaxed(&heap->header->site_count);
	do {
		if (entry >= room_for(heap, SEEP_AREA_SITES, entry + 1))
			return 0;
	} while (!atomic_compare_exchange_weak_explicit(&heap->header->site_count, &entry, entry + 1,
							memory_order_relaxed, memory_order_relaxed));
	return entry;
}

static uint32_t reserve_units(const struct heap *heap, uint64_t amount)
{
	uint64_t unit = load_relaxed(&heap->header->stacks_used);
	do {
		if (unit + amount > heap->capacity[SEEP_AREA_STACKS] ||
		    unit + amount > room_for(heap, SEEP_AREA_STACKS, (uint32_t)(unit + amount)))
			return 0;
	} while (!atomic_compare_exchange_weak_explicit(&heap->header->stacks_used, &unit, unit + amount,
							memory_order_relaxed, memory_order_relaxed));
	return (uint32_t)unit;
}

static uint32_t stack_append(const struct heap *heap, uint64_t hash, const uintptr_t *addresses, size_t depth,
			     bool truncated, uint32_t epoch)
{
	uint32_t unit = reserve_units(heap, HEADER_UNITS + depth);
	uint32_t site = unit ? reserve_site(heap) : 0;
	if (!site)
		return 0;
	struct seep_heap_stack *stack = (void *)&heap->stacks[unit];
	stack->hash = hash;
	stack->depth = (uint16_t)depth;
	stack->flags = truncated ? SEEP_SITE_TRUNCATED : 0;
	stack->epoch = epoch;
	stack->site = site;
	uint32_t module = 0;
	for (size_t i = 0; i < depth; i++)
		stack->frames[i] = module_frame(heap, addresses[i], &module);
	store_release(&heap->sites[site].stack, unit);
	return site;
}

uint32_t stack_site(const struct heap *heap, const uintptr_t *addresses, size_t depth, bool truncated)
{
	if (depth == 0) {
		heap_count_loss(heap, SEEP_LOSS_STACKS_EMPTY);
		return 0;
	}
	uint32_t epoch = load_acquire(&heap->header->module_epoch);
	uint64_t hash = stack_hash(addresses, depth, truncated, epoch);
	uint32_t mask = heap->capacity[SEEP_AREA_INDEX] - 1, fresh = 0;
	/* at most half of the index is ever filled; the bound is against a damaged file */
	for (uint32_t probe = 0; probe <= mask; probe++) {
		seep_atomic64 *slot = &heap->index[((uint32_t)hash + probe) & mask];
		uint64_t entry = load_acquire(slot);
		while (entry == 0) {
			if (!fresh)
				fresh = stack_append(heap, hash, addresses, depth, truncated, epoch);
			if (!fresh)
				goto full;
			if (atomic_compare_exchange_strong_explicit(slot, &entry, (hash >> 32 << 32) | fresh,
								    memory_order_release, memory_order_acquire))
				return fresh;
		}
		if (entry >> 32 != hash >> 32)
			continue;
		const struct seep_heap_stack *stack = stack_of_site(heap, (uint32_t)entry);
		if (stack && stack_equals(heap, stack, hash, addresses, depth))
			return (uint32_t)entry;
	}
full:
	heap_count_loss(heap, SEEP_LOSS_STACKS_FULL);
	return 0;
}
