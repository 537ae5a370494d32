/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two lightest trees are joined until one is left (D. Huffman, "A method for the construction of minimum-redundancy
 * codes", 1952). Leaves that lie too deep go up to the bound; each then shares the place of one that lies higher, until
 * there is a code for all of them.
 */
#include "encoding/huffman.h"

#include <stdlib.h>

struct leaf {
	uint32_t weight;
	uint16_t symbol;
};

static int leaf_compare(const void *left, const void *right)
{
	const struct leaf *a = left, *b = right;

	if (a->weight != b->weight)
		return a->weight < b->weight ? -1 : 1;
	return (a->symbol > b->symbol) - (a->symbol < b->symbol);
}

/* How many leaves, of two or more that are sorted, lie at each depth; those below the bound count as at it. */
static void depths_count(const struct leaf *leaves, unsigned count, unsigned most, uint32_t *at_depth)
{
	uint32_t weights[2 * HUFFMAN_SYMBOLS_MOST];
	unsigned parents[2 * HUFFMAN_SYMBOLS_MOST], depths[2 * HUFFMAN_SYMBOLS_MOST];
	unsigned leaf = 0, inner = count;
	const unsigned root = 2 * count - 2;

	for (unsigned next = count; next <= root; next++) {
		weights[next] = 0;
		for (int i = 0; i < 2; i++) {
			const int is_leaf = leaf < count && (inner == next || leaves[leaf].weight <= weights[inner]);
			weights[next] += is_leaf ? leaves[leaf].weight : weights[inner];
			parents[is_leaf ? leaf++ : inner++] = next;
		}
	}
	depths[root] = 0;
	for (unsigned i = root; i-- > 0;) {
		depths[i] = depths[parents[i]] + 1;
		if (i < count)
			at_depth[depths[i] < most ? depths[i] : most]++;
	}
}

static void depths_limit(uint32_t *at_depth, unsigned most)
{
	uint32_t taken = 0;

	for (unsigned depth = 1; depth <= most; depth++)
		taken += at_depth[depth] << (most - depth);
	for (; taken > 1u << most; taken--) {
		unsigned higher = most - 1;
		while (at_depth[higher] == 0)
			higher--;
		at_depth[most]--;
		at_depth[higher]--;
		at_depth[higher + 1] += 2;
	}
}

static uint16_t bits_reverse(uint32_t bits, unsigned length)
{
	uint32_t reversed = 0;

	for (unsigned i = 0; i < length; i++)
		reversed |= (bits >> i & 1) << (length - 1 - i);
	return (uint16_t)reversed;
}

void huffman_make(struct huffman_code *codes, const uint32_t *counts, unsigned symbols, unsigned most_bits)
{
	struct leaf leaves[HUFFMAN_SYMBOLS_MOST];
	uint32_t of_length[HUFFMAN_BITS_MOST + 1] = {0}, next[HUFFMAN_BITS_MOST + 1] = {0};
	unsigned leaf_count = 0, leaf = 0;

	for (unsigned i = 0; i < symbols; i++) {
		codes[i] = (struct huffman_code){0, 0};
		if (counts[i])
			leaves[leaf_count++] = (struct leaf){counts[i], (uint16_t)i};
	}
	qsort(leaves, leaf_count, sizeof *leaves, leaf_compare);
	if (leaf_count > 1)
		depths_count(leaves, leaf_count, most_bits, of_length);
	else
		of_length[1] = leaf_count;
	depths_limit(of_length, most_bits);
	for (unsigned length = most_bits; length > 0; length--)
		for (uint32_t i = 0; i < of_length[length]; i++)
			codes[leaves[leaf++].symbol].length = (uint8_t)length;
	for (unsigned length = 1; length < most_bits; length++)
		next[length + 1] = (next[length] + of_length[length]) << 1;
	for (unsigned i = 0; i < symbols; i++)
		if (codes[i].length)
			codes[i].bits = bits_reverse(next[codes[i].length]++, codes[i].length);
}
