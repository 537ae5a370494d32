/* SPDX-License-Identifier: Apache-2.0 */
/* Which words of a piece of memory may lie in a block: one by one, or four at a time. See blocks.h. */
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

/* Four are compared with the first and the last block at once; most memory holds nothing in between. */
__attribute__((target("avx2,bmi,bmi2"))) size_t words_find_by_fours(const struct blocks *blocks, const void *words,
								    size_t count, uint32_t *places)
{
	const __m256i mask = _mm256_set1_epi64x((long long)BLOCK_ADDRESS_MASK);
	const __m256i below = _mm256_set1_epi64x((long long)blocks->low - 1);
	const __m256i above = _mm256_set1_epi64x((long long)blocks->high);
	size_t found = 0, i = 0;

	for (; i + 4 <= count; i += 4) {
		const __m256i four =
		    _mm256_and_si256(_mm256_loadu_si256((const __m256i *)((const char *)words + 8 * i)), mask);
		const __m256i within =
		    _mm256_and_si256(_mm256_cmpgt_epi64(four, below), _mm256_cmpgt_epi64(above, four));
		unsigned hits = (unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(within));
		for (; hits; hits &= hits - 1) {
			const size_t place = i + (size_t)__builtin_ctz(hits);
			uint64_t word;
			memcpy(&word, (const char *)words + 8 * place, sizeof word);
			places[found] = (uint32_t)place;
			found += blocks_touch_page(blocks, word & BLOCK_ADDRESS_MASK);
		}
	}
	const size_t rest = words_find_plainly(blocks, (const char *)words + 8 * i, count - i, places + found);
	for (size_t k = 0; k < rest; k++)
		places[found + k] += (uint32_t)i;
	return found + rest;
}

words_find *words_finder(void)
{
	const bool has_both =
	    __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");

	return has_both ? words_find_by_fours : words_find_plainly;
}
