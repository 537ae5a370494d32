/* SPDX-License-Identifier: Apache-2.0 */
/* See blocks.h. */
#include "references/blocks.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define REGION_BYTES (UINT64_C(1) << REGION_BITS)

void blocks_add(struct blocks *blocks, uint64_t address, uint64_t size, uint64_t birth_ns)
{
	const uint64_t most = BLOCK_ADDRESS_MASK + 1;

	if (!address || address >= most)
		return;
	ARRAY_RESERVE(blocks->items, blocks->count, blocks->capacity);
	blocks->items[blocks->count++] = (struct block){
	    .start = address, .end = size < most - address ? address + size + !size : most, .birth_ns = birth_ns};
}

static int block_compare(const void *left, const void *right)
{
	const struct block *a = left, *b = right;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return (a->birth_ns < b->birth_ns) - (a->birth_ns > b->birth_ns);
}

/* Of two blocks at one address, the younger stays. */
static void overlaps_end(struct blocks *blocks)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < blocks->count; i++) {
		struct block *block = &blocks->items[i], *before = kept ? &blocks->items[kept - 1] : NULL;
		if (before && block->start < before->end) {
			before->is_doubtful = block->is_doubtful = true;
			if (block->end < before->end)
				block->end = before->end;
			before->end = block->start;
		}
		if (before && before->start == block->start) {
			before->end = block->end;
			continue;
		}
		blocks->items[kept++] = *block;
	}
	blocks->count = kept;
}

static struct block_region *region_of(struct blocks *blocks, uint64_t number)
{
	if (!blocks->regions[number])
		blocks->regions[number] = memory_allocate(1, sizeof *blocks->regions[number]);
	return blocks->regions[number];
}

/* A block that fills the region has no neighbours there, so it needs no arrays. */
static void region_fill(struct blocks *blocks, uint64_t number, uint32_t index)
{
	if (!blocks->regions[number])
		blocks->regions[number] = memory_allocate(1, offsetof(struct block_region, first));
	blocks->regions[number]->only = index + 1;
}

static void block_enter(struct blocks *blocks, uint32_t index)
{
	const struct block *block = &blocks->items[index];

	for (uint64_t at = block->start, next; at < block->end; at = next) {
		const uint64_t number = at >> REGION_BITS, begin = number << REGION_BITS;
		next = block->end - begin < REGION_BYTES ? block->end : begin + REGION_BYTES;
		if (at == begin && next == begin + REGION_BYTES) {
			region_fill(blocks, number, index);
			continue;
		}
		struct block_region *region = region_of(blocks, number);
		for (uint64_t page = (at - begin) >> 12; page <= (next - 1 - begin) >> 12; page++)
			region->pages[page / 64] |= UINT64_C(1) << page % 64;
	}
}

static void steps_enter(const struct blocks *blocks, struct block_region *region, uint64_t begin, uint32_t *index)
{
	for (uint32_t step = 0; step <= REGION_STEPS; step++) {
		const uint64_t at = begin + ((uint64_t)step << REGION_STEP_BITS);
		while (*index < blocks->count && blocks->items[*index].end <= at)
			++*index;
		region->first[step] = *index;
	}
}

/* Lets one array lead to the bits of every region. */
static void pages_enter(struct blocks *blocks)
{
	static const uint64_t none[REGION_PAGES / 64];
	static uint64_t all[REGION_PAGES / 64];

	memset(all, 0xff, sizeof all);
	blocks->pages = memory_allocate(REGION_COUNT, sizeof *blocks->pages);
	for (uint64_t number = 0; number < REGION_COUNT; number++) {
		const struct block_region *region = blocks->regions[number];
		blocks->pages[number] = !region ? none : region->only ? all : region->pages;
	}
}

static void bounds_enter(struct blocks *blocks)
{
	blocks->low = blocks->count ? blocks->items[0].start : 0;
	blocks->high = blocks->count ? blocks->items[blocks->count - 1].end : 0;
	for (uint32_t i = 1; i < blocks->count; i++) {
		const uint64_t from = blocks->items[i - 1].end, to = blocks->items[i].start;
		if (to - from > blocks->gap_high - blocks->gap_low) {
			blocks->gap_low = from;
			blocks->gap_high = to;
		}
	}
}

void blocks_close(struct blocks *blocks)
{
	uint32_t index = 0;

	if (blocks->count)
		qsort(blocks->items, blocks->count, sizeof *blocks->items, block_compare);
	overlaps_end(blocks);
	blocks->regions = memory_allocate(REGION_COUNT, sizeof(struct block_region *));
	bounds_enter(blocks);
	for (uint32_t i = 0; i < blocks->count; i++)
		block_enter(blocks, i);
	for (uint64_t number = 0; number < REGION_COUNT; number++)
		if (blocks->regions[number] && !blocks->regions[number]->only)
			steps_enter(blocks, blocks->regions[number], number << REGION_BITS, &index);
	pages_enter(blocks);
}

void blocks_free(struct blocks *blocks)
{
	for (uint64_t number = 0; blocks->regions && number < REGION_COUNT; number++)
		free(blocks->regions[number]);
	free(blocks->regions);
	free(blocks->pages);
	free(blocks->items);
	*blocks = (struct blocks){0};
}

uint32_t blocks_find(const struct blocks *blocks, uint64_t word)
{
	const uint64_t address = word & BLOCK_ADDRESS_MASK;

	if (!blocks_may_have(blocks, address))
		return BLOCK_NONE;
	const struct block_region *region = blocks->regions[address >> REGION_BITS];
	if (region->only)
		return region->only - 1;
	const uint32_t step = (uint32_t)(address >> REGION_STEP_BITS & (REGION_STEPS - 1));
	/* the first block that ends behind the address */
	uint32_t low = region->first[step], high = region->first[step + 1] + 1;
	if (high > blocks->count)
		high = blocks->count;
	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;
		if (blocks->items[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low < blocks->count && blocks->items[low].start <= address ? low : BLOCK_NONE;
}
