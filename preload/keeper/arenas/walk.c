/* SPDX-License-Identifier: Apache-2.0 */
/* A walk over chunks: see walk.h. */
#include "keeper/arenas/walk.h"

#include "keeper/arenas/chunk.h"

#define PAGE UINT64_C(4096)
#define LARGE (2 * PAGE)         /* smaller chunks lie in pages that are in memory: their headers do */
#define FAST_MOST UINT64_C(0xb0) /* chunks in lists of fast ones are smaller */
#define LINKS_BYTES UINT64_C(48) /* of a free chunk: malloc_trim() keeps the page in which they lie */
#define NOTHING UINT64_MAX

struct walker {
	const struct arenas *arenas;
	const struct arena *arena;
	const struct arena_range *range;
	struct peek *peek;
	struct walk_sums *sums;
	uint64_t free_from; /* where the free chunks just passed begin, or NOTHING */
};

static void in_use_add(struct walker *walker, uint64_t chunk, uint64_t size)
{
	walker->sums->in_use += size < LARGE ? size : peek_resident(walker->peek, chunk, chunk + size);
}

static void free_end(struct walker *walker, uint64_t end)
{
	const uint64_t start = walker->free_from;
	if (start == NOTHING)
		return;
	walker->free_from = NOTHING;
	const uint64_t first = (start + LINKS_BYTES + PAGE - 1) / PAGE * PAGE, last = end / PAGE * PAGE;
	if (first < last) {
		walker->sums->pinned += first - start + (end - last);
		walker->sums->free_pages += peek_resident(walker->peek, first, last);
	} else {
		walker->sums->pinned += end - start;
	}
}

/* A chunk that its neighbour takes for one in use. */
static bool is_cached(const struct arenas *arenas, const uint64_t words[CHUNK_WORDS])
{
	for (uint32_t i = 0; i < arenas->key_count; i++)
		if (words[CHUNK_WORD_SECOND] == arenas->keys[i])
			return true;
	return false;
}

/* Free, but not yet merged with its neighbours: its first word leads to the next such chunk, masked by its own place (since glibc
 * 2.32), or to none. A block that was never written to since it was given out again looks the same. */
static bool is_fast(const struct walker *walker, uint64_t chunk, const uint64_t words[CHUNK_WORDS])
{
	const uint64_t size = chunk_size(words), list = size / CHUNK_ALIGNMENT - 2;
	if (size >= FAST_MOST || !(walker->arena->fast_bins >> list & 1))
		return false;
	const uint64_t next = words[CHUNK_WORD_FIRST] ^ (chunk + CHUNK_HEADER) >> 12;
	return !next || (next % CHUNK_ALIGNMENT == 0 && arenas_range_of(walker->arenas, next) != NULL);
}

static void chunk_add(struct walker *walker, uint64_t chunk, const uint64_t words[CHUNK_WORDS], bool is_free)
{
	const uint64_t size = chunk_size(words);
	if (is_free || is_fast(walker, chunk, words)) {
		walker->free_from = walker->free_from == NOTHING ? chunk : walker->free_from;
		return;
	}
	free_end(walker, chunk);
	if (is_cached(walker->arenas, words))
		walker->sums->cached += size;
	else
		in_use_add(walker, chunk, size);
}

static bool is_possible(const struct walker *walker, uint64_t chunk, uint64_t size)
{
	return size >= CHUNK_LEAST && size <= walker->range->end - chunk;
}

bool walk(const struct arenas *arenas, struct peek *peek, const struct arena_range *range, uint64_t from,
	  const uint64_t *ends, uint64_t end_count, struct walk_sums *sums)
{
	struct walker walker = {arenas, &arenas->items[range->arena], range, peek, sums, NOTHING};
	uint64_t words[CHUNK_WORDS], next[CHUNK_WORDS], chunk = from, end = 0;
	*sums = (struct walk_sums){0};
	if (!peek_read(peek, chunk, words, sizeof words))
		return false;
	for (;; chunk += chunk_size(words), __builtin_memcpy(words, next, sizeof words)) {
		const uint64_t size = chunk_size(words);
		for (; end < end_count && ends[end] < chunk; end++)
			;
		sums->length = chunk - from;
		if ((end < end_count && ends[end] == chunk) || chunk == walker.arena->top || size == CHUNK_FENCE) {
			free_end(&walker, chunk);
			sums->metadata += size == CHUNK_FENCE ? 2 * CHUNK_FENCE : 0;
			return true;
		}
		if (!is_possible(&walker, chunk, size) || chunk_is_mapped(words) ||
		    !peek_read(peek, chunk + size, next, sizeof next))
			return false;
		chunk_add(&walker, chunk, words, !(next[CHUNK_WORD_SIZE] & CHUNK_BEFORE_IN_USE));
	}
}
