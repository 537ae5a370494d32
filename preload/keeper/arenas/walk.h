/* SPDX-License-Identifier: Apache-2.0 */
/* A walk over chunks that follow each other. */
#ifndef SEEP_ARENAS_WALK_H
#define SEEP_ARENAS_WALK_H

#include "keeper/arenas/arenas.h"

/* Bytes in memory, but for `length`. */
struct walk_sums {
	uint64_t length; /* address space that was walked over */
	uint64_t in_use, cached, free_pages, pinned, metadata;
};

/* From a chunk up to one of `ends` (in order, `end_count` of them), the range's end, a fence post, or the arena's top. True: it came there,
 * and the sums are what lies between. False: sizes that can't be, or memory that can't be read. */
bool walk(const struct arenas *arenas, struct peek *peek, const struct arena_range *range, uint64_t from,
	  const uint64_t *ends, uint64_t end_count, struct walk_sums *sums);

#endif
