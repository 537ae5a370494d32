/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds free memory in glibc's heap, by glibc's own structures in the copy: words that the program has left there refer
 * to nothing. The heap's ranges are walked chunk by chunk while they are swept (sweep.h), so that nothing is read
 * twice.
 *
 * A chunk is free if the one behind it says so and repeats its size, or if it has the mark of threads' caches. The
 * memory behind a range's last chunk is free, too. The lists of an arena don't count as references: they lead to free
 * chunks, and a chunk begins with the last word of the block before it. Small chunks in fast lists look as if they were
 * in use, and count. So does a range from its first impossible size on, and all memory of other allocators.
 */
#ifndef SEEP_COPY_FREED_H
#define SEEP_COPY_FREED_H

#include <sys/types.h>

#include "keeper/arenas/arenas.h"

struct freed {
	struct arenas arenas;
	const struct arena_range *range; /* the range that is being walked; NULL: none */
	uint64_t chunk;                  /* its next header; UINT64_MAX: the walk has ended */
	uint64_t free_to;                /* the memory before it in the range is free */
};

/* For the copy of a process whose malloc() is in the module at the path `libc`. NULL: seep does not know its heap. */
struct freed *freed_find(pid_t copy, const struct ledger *copied, const char *libc);

/* Zeroes what is free in a piece of the copy's memory. Pieces come in the order of addresses. `file` and `place`: where
 * a header behind the piece can be read. */
void freed_strike(struct freed *freed, void *piece, uint64_t start, size_t bytes, int file, uint64_t place);

#endif
