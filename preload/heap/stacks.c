/* SPDX-License-Identifier: Apache-2.0 */
/* The stack table: see stacks.h. */
#include "heap/stacks.h"

#include "base/atomics.h"
#include "heap/modules.h"
#include "heap/room.h"

#define HEADER_UNITS (sizeof(struct seep_heap_stack) / 8)

/* The part of an address that does not change where its module is loaded elsewhere: a stack has one place in the index,
 * wherever its modules are. The low bits of a frame word are the same. */
#define PAGE_OFFSET(address) ((address) & (SEEP_HEAP_PAGE - 1))

static uint64_t stack_hash(const uintptr_t *addresses, size_t depth, bool truncated)
{
	uint64_t hash = truncated + UINT64_C(1);
	for (size_t i = 0; i < depth; i++) {
		hash = (hash ^ PAGE_OFFSET(addresses[i])) * UINT64_C(0x9e3779b97f4a7c15);
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

/* What a stack is looked for by: addresses, or the words that they were made into. */
struct wanted {
	const uintptr_t *frames;
	size_t depth;
	uint64_t hash;
	bool are_words;
};

/* The same addresses, rebuilt from where the modules are now? Not through a module that has been unloaded: something else
 * may have its place. */
static bool frames_equal(const struct heap *heap, const struct seep_heap_stack *stack, const uintptr_t *addresses)
{
	uint32_t last = 0;
	uint64_t bias = 0;
	for (size_t i = 0; i < stack->depth; i++) {
		uint32_t number = SEEP_FRAME_MODULE(stack->frames[i]);
		if (number != last) {
			const struct seep_heap_module *module = module_entry(heap, number);
			if (module && load_acquire(&module->flags) & SEEP_MODULE_UNLOADED)
				return false;
			bias = module ? module_place(module->bias) : 0;
			last = number;
		}
		if (stack->frames[i] != module_frame_word(number, bias, addresses[i]))
			return false;
	}
	return true;
}

static bool stack_equals(const struct heap *heap, const struct seep_heap_stack *stack, const struct wanted *wanted)
{
	if (stack->hash != wanted->hash || stack->depth != wanted->depth)
		return false;
	if (!wanted->are_words)
		return frames_equal(heap, stack, wanted->frames);
	for (size_t i = 0; i < wanted->depth; i++)
		if (stack->frames[i] != wanted->frames[i])
			return false;
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

static uint32_t stack_append(const struct heap *heap, const struct wanted *wanted, bool truncated)
{
	uint32_t unit = reserve_units(heap, HEADER_UNITS + wanted->depth);
	uint32_t site = unit ? reserve_site(heap) : 0;
	if (!site)
		return 0;
	struct seep_heap_stack *stack = (void *)&heap->stacks[unit];
	stack->hash = wanted->hash;
	stack->depth = (uint16_t)wanted->depth;
	stack->flags = truncated ? SEEP_SITE_TRUNCATED : 0;
	stack->site = site;
	for (size_t i = 0; i < wanted->depth; i++)
		stack->frames[i] = wanted->frames[i];
	store_release(&heap->sites[site].stack, unit);
	return site;
}

/* The site of an equal stack, or 0: then *slot is the free one that it would be published in; NULL: the index is full. */
static uint32_t stack_find(const struct heap *heap, const struct wanted *wanted, seep_atomic64 **slot)
{
	uint32_t mask = heap->capacity[SEEP_AREA_INDEX] - 1;
	/* at most half of the index is ever filled; the bound is against a damaged file */
	for (uint32_t probe = 0; probe <= mask; probe++) {
		*slot = &heap->index[((uint32_t)wanted->hash + probe) & mask];
		uint64_t entry = load_acquire(*slot);
		if (entry == 0)
			return 0;
		if (entry >> 32 != wanted->hash >> 32)
			continue;
		const struct seep_heap_stack *stack = stack_of_site(heap, (uint32_t)entry);
		if (stack && stack_equals(heap, stack, wanted))
			return (uint32_t)entry;
	}
	*slot = NULL;
	return 0;
}

static uint32_t stack_find_or_append(const struct heap *heap, const struct wanted *wanted, bool truncated)
{
	seep_atomic64 *slot;
	uint32_t fresh = 0, found;
	while (!(found = stack_find(heap, wanted, &slot)) && slot) {
		if (!fresh)
			fresh = stack_append(heap, wanted, truncated);
		if (!fresh)
			return 0;
		uint64_t empty = 0;
		if (atomic_compare_exchange_strong_explicit(slot, &empty, (wanted->hash >> 32 << 32) | fresh,
							    memory_order_release, memory_order_relaxed))
			return fresh;
	}
	return found;
}

uint32_t stack_site(const struct heap *heap, uintptr_t *addresses, size_t depth, bool truncated)
{
	if (depth == 0) {
		heap_count_loss(heap, SEEP_LOSS_STACKS_EMPTY);
		return 0;
	}
	struct wanted wanted = {
	    .frames = addresses, .depth = depth, .hash = stack_hash(addresses, depth, truncated)};
	seep_atomic64 *slot;
	uint32_t site = stack_find(heap, &wanted, &slot);
	if (site)
		return site;
	/* new, or through a module that has come back: by its words it is known */
	uint32_t module = 0;
	for (size_t i = 0; i < depth; i++)
		addresses[i] = module_frame(heap, addresses[i], &module);
	wanted.are_words = true;
	site = stack_find_or_append(heap, &wanted, truncated);
	if (!site)
		heap_count_loss(heap, SEEP_LOSS_STACKS_FULL);
	return site;
}
