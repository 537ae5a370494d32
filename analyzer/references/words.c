/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the words of a piece of memory that may lie in a block: one by one, or four at a time. See blocks.h. */
#include <immintrin.h>
#include <string.h>

#include "references/blocks.h"

size_t words_find_plainly(const struct blocks *blocks, const void *words, size_t count, uint32_t *places)
{
	size_t found = 0;

	for (size_t i = 0; i < count; i++) {
		uint64_t word;
		memcpy(&word, (const char *)words + 8 * i, sizeof word);
		places[found] = (uint32_t)i;
		found += blocks_may_have(blocks, word);
	}
	return found;
}

enum { RUN_WORDS = 1024 }; /* that stay in the first level of caches */

/* For each combination of the four that are within: their indices, 32 bits each, moved to the front. */
#define PLACE(i) 4 * (i), 4 * (i) + 1, 4 * (i) + 2, 4 * (i) + 3
static const uint8_t to_front[16][16] = {
    {0},
    {PLACE(0)},
    {PLACE(1)},
    {PLACE(0), PLACE(1)},
    {PLACE(2)},
    {PLACE(0), PLACE(2)},
    {PLACE(1), PLACE(2)},
    {PLACE(0), PLACE(1), PLACE(2)},
    {PLACE(3)},
    {PLACE(0), PLACE(3)},
    {PLACE(1), PLACE(3)},
    {PLACE(0), PLACE(1), PLACE(3)},
    {PLACE(2), PLACE(3)},
    {PLACE(0), PLACE(2), PLACE(3)},
    {PLACE(1), PLACE(2), PLACE(3)},
    {PLACE(0), PLACE(1), PLACE(2), PLACE(3)},
};

/* Keeps those of the places, from one on, whose words point to a page of a block. Returns where the last of them
 * ends. */
static size_t places_choose(const struct blocks *blocks, const void *words, uint32_t *places, size_t from, size_t to)
{
	size_t kept = from;

	for (size_t i = from; i < to; i++) {
		uint64_t word;
		memcpy(&word, (const char *)words + 8ul * places[i], sizeof word);
		places[kept] = places[i];
		kept += blocks_touch_page(blocks, word & BLOCK_ADDRESS_MASK);
	}
	return kept;
}

/* A stretch of addresses as one comparison: of numbers with a sign, moved so that its first is the least that there is. */
struct stretch {
	__m256i move, above;
};

__attribute__((target("avx2"))) static inline struct stretch stretch_of(uint64_t low, uint64_t high)
{
	const uint64_t least = UINT64_C(1) << 63, move = least - low, above = high + move;

	return (struct stretch){_mm256_set1_epi64x((long long)move), _mm256_set1_epi64x((long long)above)};
}

__attribute__((target("avx2"))) static inline __m256i stretch_has(const struct stretch *stretch, __m256i four)
{
	return _mm256_cmpgt_epi64(stretch->above, _mm256_add_epi64(four, stretch->move));
}

/*
 * Four are compared with the first and the last block and with the gap at once; what is left is looked up afterwards. Nothing branches on a
 * word: pointers lie among other words as by chance, and a branch that is guessed wrongly costs more than all else here.
 */
__attribute__((target("avx2,bmi,bmi2,popcnt"))) size_t
words_find_by_fours(const struct blocks *blocks, const void *words, size_t count, uint32_t *places)
{
	const struct stretch all = stretch_of(blocks->low, blocks->high);
	const struct stretch gap = stretch_of(blocks->gap_low, blocks->gap_high);
	const __m256i mask = _mm256_set1_epi64x((long long)BLOCK_ADDRESS_MASK);
	const __m128i numbers = _mm_set_epi32(3, 2, 1, 0);
	size_t found = 0, i = 0;

	while (i + 4 <= count) {
		const size_t end = i + (count - i < RUN_WORDS ? (count - i) / 4 * 4 : RUN_WORDS);
		size_t within = found;
#pragma GCC unroll 4
		for (; i < end; i += 4) {
			const __m256i four =
			    _mm256_and_si256(_mm256_loadu_si256((const __m256i *)((const char *)words + 8 * i)), mask);
			const __m256i in = _mm256_andnot_si256(stretch_has(&gap, four), stretch_has(&all, four));
			const unsigned hits = (unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(in));
			const __m128i at = _mm_add_epi32(_mm_set1_epi32((int)i), numbers);
			const __m128i front = _mm_loadu_si128((const __m128i *)to_front[hits]);
			_mm_storeu_si128((__m128i *)(places + within), _mm_shuffle_epi8(at, front));
			within += (size_t)__builtin_popcount(hits);
		}
		found = places_choose(blocks, words, places, found, within);
	}
	const size_t rest = words_find_plainly(blocks, (const char *)words + 8 * i, count - i, places + found);
	for (size_t k = 0; k < rest; k++)
		places[found + k] += (uint32_t)i;
	return found + rest;
}

words_find *words_finder(void)
{
	const bool has_all = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
			     __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");

	return has_all ? words_find_by_fours : words_find_plainly;
}
