/* SPDX-License-Identifier: Apache-2.0 */
/* See freed.h. */
#include "copy/freed.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <seep/search.h>

#include "base/memory.h"
#include "keeper/arenas/chunk.h"

#define ENDED UINT64_MAX
#define POINTER_BITS 48

/* A piece of memory, and where more of the memory can be read. */
struct piece {
	char *data;
	uint64_t start, end;
	int file;
	uint64_t place;
};

/* The marks of free chunks must not be addresses: a block in use may have any address in its second word. */
static void keys_choose(struct arenas *arenas)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < arenas->key_count; i++)
		if (arenas->keys[i] >> POINTER_BITS)
			arenas->keys[kept++] = arenas->keys[i];
	arenas->key_count = kept;
}

struct freed *freed_find(pid_t copy, const struct ledger *copied, const char *libc)
{
	struct freed *freed = memory_allocate(1, sizeof *freed);
	unsigned char *window = memory_allocate(1, PEEK_BYTES), *scratch = memory_allocate(1, PAGES_SCRATCH_BYTES);
	struct pages pages;
	struct peek peek;
	bool found = false;

	if (pages_open(&pages, (uint64_t)copy, scratch, UINT64_MAX)) {
		peek_begin(&peek, (uint64_t)copy, &pages, window, UINT64_MAX);
		found = arenas_find(&freed->arenas, &peek, copied, libc);
		pages_close(&pages);
	}
	free(scratch);
	free(window);
	keys_choose(&freed->arenas);
	if (found)
		return freed;
	free(freed);
	return NULL;
}

static void strike(const struct piece *piece, uint64_t from, uint64_t to)
{
	from = from > piece->start ? from : piece->start;
	to = to < piece->end ? to : piece->end;
	if (from < to)
		memset(piece->data + (from - piece->start), 0, to - from);
}

/* A chunk's first words. Words behind the piece become 0, except for the header's. */
static bool words_get(const struct piece *piece, uint64_t chunk, uint64_t words[CHUNK_WORDS])
{
	memset(words, 0, CHUNK_WORDS * sizeof *words);
	if (chunk >= piece->start && chunk + CHUNK_HEADER <= piece->end) {
		const uint64_t most = piece->end - chunk;
		memcpy(words, piece->data + (chunk - piece->start),
		       most < CHUNK_WORDS * sizeof *words ? most : CHUNK_WORDS * sizeof *words);
		return true;
	}
	return chunk >= piece->end &&
	       pread(piece->file, words, CHUNK_HEADER, (off_t)(piece->place + chunk)) == (ssize_t)CHUNK_HEADER;
}

static bool is_cached(const struct arenas *arenas, const uint64_t words[CHUNK_WORDS])
{
	for (uint32_t i = 0; i < arenas->key_count; i++)
		if (words[CHUNK_WORD_SECOND] == arenas->keys[i])
			return true;
	return false;
}

/* Takes one chunk, whose header is in the piece. Returns where the next one is; ENDED: that can't be told. */
static uint64_t chunk_take(struct freed *freed, const struct piece *piece)
{
	const struct arena_range *range = freed->range;
	const uint64_t chunk = freed->chunk;
	uint64_t words[CHUNK_WORDS], next[CHUNK_WORDS];

	if (!words_get(piece, chunk, words))
		return ENDED;
	const uint64_t size = chunk_size(words);
	if (chunk == freed->arenas.items[range->arena].top) {
		freed->free_to = range->end;
		return ENDED;
	}
	if (size < CHUNK_LEAST || size >= range->end - chunk || chunk_is_mapped(words) ||
	    !words_get(piece, chunk + size, next))
		return ENDED;
	if (!(next[CHUNK_WORD_SIZE] & CHUNK_BEFORE_IN_USE) && next[CHUNK_WORD_BEFORE] == size)
		freed->free_to = chunk + size;
	else if (is_cached(&freed->arenas, words))
		/* the first word there belongs to the block in use, too */
		freed->free_to = chunk + size + sizeof(uint64_t);
	return chunk + size;
}

static void range_strike(struct freed *freed, const struct piece *piece)
{
	strike(piece, piece->start > freed->range->start ? piece->start : freed->range->start, freed->free_to);
	while (freed->chunk < piece->end) {
		const uint64_t chunk = freed->chunk, before = freed->free_to;
		freed->chunk = chunk < piece->start ? ENDED : chunk_take(freed, piece);
		if (freed->free_to != before)
			strike(piece, chunk + CHUNK_HEADER, freed->free_to);
	}
}

static void states_strike(const struct freed *freed, const struct piece *piece)
{
	const struct arenas *arenas = &freed->arenas;

	for (uint32_t i = 0; i < arenas->count; i++)
		strike(piece, arenas->items[i].state, arenas->items[i].state + arenas->state_bytes);
}

void freed_strike(struct freed *freed, void *piece, uint64_t start, size_t bytes, int file, uint64_t place)
{
	const struct piece all = {piece, start, start + bytes, file, place};
	const struct arenas *arenas = &freed->arenas;

	states_strike(freed, &all);
	for (uint64_t at = start; at < all.end;) {
		const size_t index = SEEP_COUNT_TO(arenas->ranges, arenas->range_count, end, at);
		const struct arena_range *range = &arenas->ranges[index];
		if (index == arenas->range_count || range->start >= all.end)
			return;
		if (freed->range != range) {
			freed->range = range;
			freed->chunk = range->start;
			freed->free_to = 0;
		}
		range_strike(freed, &all);
		at = range->end;
	}
}
