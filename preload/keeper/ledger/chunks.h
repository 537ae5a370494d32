/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocks for which glibc's malloc has mapped memory of their own (from M_MMAP_THRESHOLD on). The kernel joins them with what
 * lies beside them, so a mapping may be theirs in parts. Each begins, at a page, with its size and a flag that says so
 * (malloc/malloc.c, IS_MMAPPED), and so does an aligned one amid it: these 16 bytes alone are read, and only where their page is in memory.
 */
#ifndef SEEP_LEDGER_CHUNKS_H
#define SEEP_LEDGER_CHUNKS_H

#include "keeper/ledger/pages.h"
#include "keeper/ledger/places.h"

struct chunks {
	bool is_readable; /* false: nothing is known of such blocks */
	int descriptor;   /* of /proc/PID/mem */
	uint32_t left;    /* headers that may still be read */
	struct pages *pages;
	struct place
	    *met; /* those in which sampled blocks lie, and their bytes; CHUNKS_MET, ascending after chunks_sort() */
	uint32_t count;
	uint64_t resident_bytes; /* of those that were told from mappings of the program's own */
};

#define CHUNKS_MET 8192
#define CHUNKS_BYTES (CHUNKS_MET * sizeof(struct place))

/* `met` has room for CHUNKS_BYTES, and is the caller's, as the pages are. */
void chunks_open(struct chunks *chunks, uint64_t pid, struct pages *pages, struct place *met);
void chunks_close(struct chunks *chunks);

/* Whether a live block lies in such a chunk of its own, which is kept then. */
bool chunks_meet(struct chunks *chunks, uint64_t block, uint64_t size);
void chunks_sort(struct chunks *chunks);

/* The end of the piece that begins at `start`, at most the end of `all`, a counted mapping; says whether it is a
 * chunk. */
uint64_t chunks_piece(struct chunks *chunks, const struct page_piece *all, uint64_t start, bool *is_chunk);

#endif
