/* SPDX-License-Identifier: Apache-2.0 */
/* A chunk of glibc's heap, as its first words say (malloc/malloc.c, struct malloc_chunk). */
#ifndef SEEP_ARENAS_CHUNK_H
#define SEEP_ARENAS_CHUNK_H

#include <stdbool.h>
#include <stdint.h>

enum { CHUNK_WORD_BEFORE, CHUNK_WORD_SIZE, CHUNK_WORD_FIRST, CHUNK_WORD_SECOND, CHUNK_WORDS };
enum { CHUNK_BEFORE_IN_USE = 1, CHUNK_MAPPED = 2, CHUNK_OF_OTHER_ARENA = 4, CHUNK_FLAGS = 15 };

#define CHUNK_HEADER UINT64_C(16) /* from the chunk to the block's address */
#define CHUNK_FENCE UINT64_C(16)  /* size of a fence post, less than any chunk's */
#define CHUNK_LEAST UINT64_C(32)
#define CHUNK_ALIGNMENT UINT64_C(16)

static inline uint64_t chunk_size(const uint64_t words[CHUNK_WORDS])
{
	return words[CHUNK_WORD_SIZE] & ~(uint64_t)CHUNK_FLAGS;
}

static inline bool chunk_is_mapped(const uint64_t words[CHUNK_WORDS])
{
	return words[CHUNK_WORD_SIZE] & CHUNK_MAPPED;
}

/* Could this be the chunk of a block of that size? */
static inline bool chunk_fits(const uint64_t words[CHUNK_WORDS], uint64_t asked)
{
	const uint64_t size = chunk_size(words);
	const uint64_t least = (asked + 8 + CHUNK_ALIGNMENT - 1) / CHUNK_ALIGNMENT * CHUNK_ALIGNMENT;
	return size >= CHUNK_LEAST && size >= least && size - least < CHUNK_LEAST + CHUNK_ALIGNMENT;
}

#endif
