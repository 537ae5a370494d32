/* SPDX-License-Identifier: Apache-2.0 */
/*
 * glibc's arenas in the memory of a program that nobody stops, found without symbols.
 *
 * main_arena is a static variable of the C library. Its `bins`, 127 pairs of list heads, tell it from all else: a head
 * points to itself or to a chunk of the heap, and the last one, which is never used, to itself. `next` leads from arena to
 * arena and back (malloc/malloc.c, struct malloc_state). The offsets around `bins` are those of glibc 2.26 and later;
 * where what lies there is not consistent with them, the arenas count as not found.
 *
 * Memory of an arena is ranges of chunks that follow each other: the kernel's [heap], and heaps of 64 MiB at most.
 */
#ifndef SEEP_ARENAS_ARENAS_H
#define SEEP_ARENAS_ARENAS_H

#include "keeper/arenas/peek.h"
#include "keeper/ledger/mappings.h"

#define ARENAS 512
#define ARENA_RANGES 8192
#define ARENA_KEYS 64

struct arena {
	uint64_t state;     /* address of its struct malloc_state */
	uint64_t top;       /* its last chunk */
	uint32_t fast_bins; /* a bit for each list of fast chunks that is not empty */
};

/* Chunks that follow each other from `start` on, up to the arena's top or a fence post. */
struct arena_range {
	uint64_t start, end;
	uint64_t arena;    /* index */
	uint64_t overhead; /* bytes in front of the first chunk that are the arena's own */
};

struct arenas {
	struct arena items[ARENAS];
	struct arena_range ranges[ARENA_RANGES]; /* in order of addresses */
	uint64_t keys[ARENA_KEYS];               /* what chunks in thread caches have in their second word */
	uint32_t count, range_count, key_count;
	uint64_t state_bytes; /* of struct malloc_state */
	bool has_fast_bins;
};

/* False: peek->error says that the memory can't be read; 0: it is not as this file knows it. `libc` is the path of the module
 * that has malloc(). */
bool arenas_find(struct arenas *arenas, struct peek *peek, const struct ledger *ledger, const char *libc);

/* The range in which an address lies, or NULL. */
const struct arena_range *arenas_range_of(const struct arenas *arenas, uint64_t address);

#endif
