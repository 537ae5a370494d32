/* SPDX-License-Identifier: Apache-2.0 */
/* glibc's arenas, found: see arenas.h. */
#include "keeper/arenas/arenas.h"

#include <string.h>

#include <seep/search.h>

#include "keeper/arenas/chunk.h"

#define PAGE UINT64_C(4096)
#define BINS 254 /* words */
#define DATA_BYTES_MOST (UINT64_C(1) << 20)
#define HEAP_BYTES (UINT64_C(64) << 20) /* HEAP_MAX_SIZE of malloc/arena.c, on 64 bits */
#define FAST_BINS 10

/* Offsets from `bins`; before them, `top` and `last_remainder`, and the lists of fast chunks. */
enum { FROM_FAST = -96, FROM_TOP = -16, FROM_NEXT = BINS * 8 + 16, FROM_END = FROM_NEXT + 40 };

/* How far into the struct `bins` lies: in glibc 2.27 and later, in 2.26, and where there are no lists of fast
 * chunks. */
static const uint64_t bins_offsets[] = {112, 104, 32};

struct heap_info { /* malloc/arena.c; the first three of its fields */
	uint64_t arena, before, size;
};

static bool is_chunk_address(const struct ledger *ledger, uint64_t address)
{
	const struct ledger_mapping *mapping = ledger_mapping_at(ledger, address);
	return address % CHUNK_ALIGNMENT == 0 && mapping && !mapping->inode && mapping->permission & LEDGER_WRITE;
}

/* Are these the list heads of an arena whose `bins` lie at `address`? The heads most often point to themselves. */
static bool is_bins(const uint64_t words[BINS], uint64_t address, const struct ledger *ledger)
{
	if (words[BINS - 2] != address + (BINS - 4) * 8 || words[BINS - 1] != words[BINS - 2])
		return false;
	for (uint64_t i = 0; i < BINS; i++) {
		const uint64_t itself = address + (i / 2) * 16 - 16;
		if (words[i] != itself && !is_chunk_address(ledger, words[i]))
			return false;
	}
	return true;
}

static bool bins_are_at(struct peek *peek, uint64_t at, const struct ledger *ledger)
{
	const uint64_t tail = at + (BINS - 2) * 8;
	uint64_t words[BINS];
	return peek_read(peek, tail, words, 8) && words[0] == tail - 16 && peek_read(peek, at, words, sizeof words) &&
	       is_bins(words, at, ledger);
}

/* Looks for `bins` in one writable mapping of the C library. Its address, or 0. `top` and `last_remainder`, in front of them, may
 * look like a pair of their kind, so the last place counts where they could begin. */
static uint64_t bins_find(struct peek *peek, const struct ledger_mapping *mapping, const struct ledger *ledger)
{
	for (uint64_t at = mapping->start; at + BINS * 8 <= mapping->end; at += 8) {
		if (!bins_are_at(peek, at, ledger))
			continue;
		while (bins_are_at(peek, at + 16, ledger))
			at += 16;
		return at;
	}
	return 0;
}

static bool arena_read(struct arena *arena, struct peek *peek, uint64_t bins, bool has_fast_bins)
{
	uint64_t fast[FAST_BINS] = {0};
	arena->fast_bins = 0;
	if (!peek_read(peek, bins + (uint64_t)FROM_TOP, &arena->top, sizeof arena->top) ||
	    arena->top % CHUNK_ALIGNMENT ||
	    (has_fast_bins && !peek_read(peek, bins + (uint64_t)FROM_FAST, fast, sizeof fast)))
		return false;
	for (uint32_t i = 0; i < FAST_BINS; i++)
		arena->fast_bins |= (uint32_t)(fast[i] != 0) << i;
	return true;
}

/* Follows the list of arenas from the main one on, until it comes back to it. */
static bool arenas_follow(struct arenas *arenas, struct peek *peek, uint64_t bins, uint64_t offset)
{
	const uint64_t main_state = bins - offset;
	arenas->count = 0;
	arenas->has_fast_bins = offset > 32;
	arenas->state_bytes = offset + FROM_END;
	for (uint64_t state = main_state; arenas->count < ARENAS; arenas->count++) {
		struct arena *arena = &arenas->items[arenas->count];
		uint64_t next;
		*arena = (struct arena){.state = state};
		if (!arena_read(arena, peek, state + offset, arenas->has_fast_bins) ||
		    !peek_read(peek, state + offset + FROM_NEXT, &next, sizeof next))
			return false;
		if (next == main_state) {
			arenas->count++;
			return true;
		}
		if (!next || next % 8)
			return false;
		state = next;
	}
	return false;
}

static void range_add(struct arenas *arenas, uint64_t start, uint64_t end, uint64_t arena, uint64_t overhead)
{
	uint32_t at = arenas->range_count;
	if (at == ARENA_RANGES || start >= end)
		return;
	while (at && arenas->ranges[at - 1].start > start)
		at--;
	memmove(&arenas->ranges[at + 1], &arenas->ranges[at], (arenas->range_count - at) * sizeof *arenas->ranges);
	arenas->ranges[at] = (struct arena_range){start, end, arena, overhead};
	arenas->range_count++;
}

/* The heaps of an arena, from that of its top to its first, in which the arena itself lies. */
static void heaps_add(struct arenas *arenas, struct peek *peek, uint32_t index)
{
	const struct arena *arena = &arenas->items[index];
	const uint64_t info_bytes = arena->state % HEAP_BYTES;
	uint64_t heap = arena->top / HEAP_BYTES * HEAP_BYTES;
	struct heap_info info;
	for (uint32_t i = 0; i < ARENA_RANGES; i++, heap = info.before) {
		if (heap % HEAP_BYTES || !peek_read(peek, heap, &info, sizeof info) || info.arena != arena->state ||
		    info.size > HEAP_BYTES)
			return;
		uint64_t overhead = info_bytes;
		if (arena->state - heap < HEAP_BYTES)
			overhead = (info_bytes + arenas->state_bytes + CHUNK_ALIGNMENT - 1) / CHUNK_ALIGNMENT *
				   CHUNK_ALIGNMENT;
		range_add(arenas, heap + overhead, heap + info.size, index, overhead);
		if (!info.before)
			return;
	}
}

static bool is_heap(const struct arenas *arenas, const struct ledger_mapping *mapping)
{
	const struct arena_range *range = arenas_range_of(arenas, mapping->start + 2 * PAGE);
	return range && range->start - range->overhead == mapping->start;
}

/* malloc() maps memory for the main arena where [heap] can't grow; a block that has a mapping of its own is none. */
static bool is_main_range(struct peek *peek, const struct ledger_mapping *mapping)
{
	uint64_t words[CHUNK_WORDS];
	return peek_read(peek, mapping->start, words, sizeof words) && words[CHUNK_WORD_BEFORE] == 0 &&
	       (words[CHUNK_WORD_SIZE] & CHUNK_FLAGS) == CHUNK_BEFORE_IN_USE && chunk_size(words) >= CHUNK_LEAST &&
	       chunk_size(words) <= mapping->end - mapping->start;
}

/* Behind what the program itself has asked for in [heap], malloc() begins anew, at the next aligned address. */
static void main_ranges_add(struct arenas *arenas, struct peek *peek, const struct ledger *ledger)
{
	struct ledger_mapping grown = {0};
	for (uint32_t i = 0; i < ledger->count; i++) {
		const struct ledger_mapping *mapping = &ledger->mappings[i];
		const bool is_grown = strcmp(ledger->names + mapping->name, "[heap]") == 0;
		if (is_grown && mapping->class != SEEP_LEDGER_HEAP) {
			range_add(arenas, grown.start, grown.end, 0, 0);
			grown = (struct ledger_mapping){0};
		} else if (mapping->class != SEEP_LEDGER_HEAP) {
			continue;
		} else if (is_grown) {
			grown.start = grown.end
					  ? grown.start
					  : (mapping->start + CHUNK_ALIGNMENT - 1) / CHUNK_ALIGNMENT * CHUNK_ALIGNMENT;
			grown.end = mapping->end;
		} else if (!is_heap(arenas, mapping) && is_main_range(peek, mapping)) {
			range_add(arenas, mapping->start, mapping->end, 0, 0);
		}
	}
	range_add(arenas, grown.start, grown.end, 0, 0);
}

/* A thread's cache is a chunk, often the first of its arena. Its lists, one for each size, lead to chunks whose second word is a mark: one
 * for all threads, before glibc 2.34 the address of the cache. */
static void key_find(struct arenas *arenas, struct peek *peek, uint64_t chunk)
{
	enum { LEAST = 0x250, MOST = 0x500, WORDS = MOST / 8, AGREE = 2, CACHED_MOST = 0x410 };
	uint64_t words[CHUNK_WORDS], cache[WORDS], key = 0, first = 0;
	uint32_t met = 0;
	if (arenas->key_count == ARENA_KEYS || !peek_read(peek, chunk, words, sizeof words) ||
	    chunk_size(words) < LEAST || chunk_size(words) > MOST ||
	    !peek_read(peek, chunk + CHUNK_HEADER, cache, chunk_size(words) - CHUNK_HEADER))
		return;
	for (uint64_t i = 0; i < (chunk_size(words) - CHUNK_HEADER) / 8; i++) {
		uint64_t entry[CHUNK_WORDS];
		if (cache[i] % CHUNK_ALIGNMENT || !arenas_range_of(arenas, cache[i]) ||
		    !peek_read(peek, cache[i] - CHUNK_HEADER, entry, sizeof entry))
			continue;
		const uint64_t of_first = chunk_size(entry) - i * CHUNK_ALIGNMENT;
		if (chunk_size(entry) > CACHED_MOST)
			continue;
		if (met && (entry[CHUNK_WORD_SECOND] != key || of_first != first))
			return;
		key = entry[CHUNK_WORD_SECOND];
		first = of_first;
		met++;
	}
	if (!met || !key || (met < AGREE && key >> 48 == 0 && key != chunk + CHUNK_HEADER))
		return;
	for (uint32_t i = 0; i < arenas->key_count; i++)
		if (arenas->keys[i] == key)
			return;
	arenas->keys[arenas->key_count++] = key;
}

static bool is_library(const struct ledger *ledger, const struct ledger_mapping *mapping, const char *libc)
{
	const char *name = ledger->names + mapping->name, *slash = strrchr(name, '/'), *end = strrchr(libc, '/');
	return slash && end && strcmp(slash, end) == 0;
}

bool arenas_find(struct arenas *arenas, struct peek *peek, const struct ledger *ledger, const char *libc)
{
	uint64_t bins = 0;
	arenas->count = arenas->range_count = arenas->key_count = 0;
	for (uint32_t i = 0; i < ledger->count && !bins; i++) {
		const struct ledger_mapping *mapping = &ledger->mappings[i];
		if (mapping->inode && mapping->permission & LEDGER_WRITE && !(mapping->permission & LEDGER_SHARE) &&
		    mapping->end - mapping->start <= DATA_BYTES_MOST && is_library(ledger, mapping, libc))
			bins = bins_find(peek, mapping, ledger);
	}
	for (size_t i = 0; bins; i++) {
		if (i == sizeof bins_offsets / sizeof *bins_offsets)
			return false;
		if (arenas_follow(arenas, peek, bins, bins_offsets[i]))
			break;
	}
	if (!bins)
		return false;
	for (uint32_t i = 1; i < arenas->count; i++)
		heaps_add(arenas, peek, i);
	main_ranges_add(arenas, peek, ledger);
	for (uint32_t i = 0; i < arenas->range_count; i++)
		if (arenas->ranges[i].arena == 0 || arenas->ranges[i].overhead > FROM_END)
			key_find(arenas, peek, arenas->ranges[i].start);
	return true;
}

const struct arena_range *arenas_range_of(const struct arenas *arenas, uint64_t address)
{
	const size_t first = SEEP_COUNT_TO(arenas->ranges, arenas->range_count, end, address);
	return first < arenas->range_count && arenas->ranges[first].start <= address ? &arenas->ranges[first] : NULL;
}
