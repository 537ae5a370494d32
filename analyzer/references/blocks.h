/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sampled blocks of a program, by address, and a filter that tells most words from pointers into them.
 *
 * The filter is exact to a page. For each GiB of addresses with blocks, it has a bit for each page that a block
 * touches, and for each 64 KiB the first block that reaches there, so that only few blocks must be searched.
 *
 * Only the lower 47 bits of a word count, because programs put tags into the bits above.
 */
#ifndef SEEP_REFERENCES_BLOCKS_H
#define SEEP_REFERENCES_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	BLOCK_ADDRESS_BITS = 47,
	REGION_BITS = 30,
	REGION_COUNT = 1 << (BLOCK_ADDRESS_BITS - REGION_BITS),
	REGION_PAGES = 1 << (REGION_BITS - 12),
	REGION_STEP_BITS = 16,
	REGION_STEPS = 1 << (REGION_BITS - REGION_STEP_BITS),
};

#define BLOCK_ADDRESS_MASK ((UINT64_C(1) << BLOCK_ADDRESS_BITS) - 1)
#define BLOCK_NONE UINT32_MAX

struct block {
	uint64_t start, end; /* a block of 0 bytes counts as one byte */
	uint64_t birth_ns;
	bool is_doubtful; /* it overlaps another: one of them was freed unseen */
};

/* One GiB of addresses. */
struct block_region {
	uint32_t only; /* 1 + the block that fills it; 0: the arrays below say which blocks are there */
	uint32_t first[REGION_STEPS + 1]; /* the first block that ends behind the beginning of each step */
	uint64_t pages[REGION_PAGES / 64];
};

struct blocks {
	struct block *items; /* in ascending order, without overlaps */
	uint32_t count, capacity;
	uint64_t low, high; /* all blocks are between these */
	uint64_t gap_low,
	    gap_high; /* no block is in this largest gap: most addresses are between the kernel's [heap] and the mappings */
	struct block_region **regions;
	const uint64_t **pages; /* by region: its bits; for a region with no block or only one, bits that say so */
};

/* Adds a block; its address may be any number. After the last one, call blocks_close() once. */
void blocks_add(struct blocks *blocks, uint64_t address, uint64_t size, uint64_t birth_ns);
void blocks_close(struct blocks *blocks);
void blocks_free(struct blocks *blocks);

/* The block that contains an address; BLOCK_NONE: none. */
uint32_t blocks_find(const struct blocks *blocks, uint64_t word);

/* Whether a block touches the page of an address of BLOCK_ADDRESS_BITS. */
static inline bool blocks_touch_page(const struct blocks *blocks, uint64_t address)
{
	const uint64_t *pages = blocks->pages[address >> REGION_BITS];

	return pages[address >> 18 & (REGION_PAGES / 64 - 1)] >> (address >> 12 & 63) & 1;
}

/* Whether the word may lie in a block. Few words that do not lie in one get a yes. */
static inline bool blocks_may_have(const struct blocks *blocks, uint64_t word)
{
	const uint64_t address = word & BLOCK_ADDRESS_MASK;

	return address >= blocks->low && address < blocks->high &&
	       (address < blocks->gap_low || address >= blocks->gap_high) && blocks_touch_page(blocks, address);
}

/* Finds which of `count` words (8 bytes each, not necessarily aligned) may lie in a block; returns how many. `places`
 * has room for all. There are two ways, depending on what the machine can do. */
typedef size_t words_find(const struct blocks *blocks, const void *words, size_t count, uint32_t *places);
words_find words_find_plainly;
words_find words_find_by_fours; /* needs AVX2 */
words_find *words_finder(void);

#endif
