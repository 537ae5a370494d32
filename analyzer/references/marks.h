/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which blocks are referenced: by a word that lies in no sampled block, or in one that is referenced itself. Words in other blocks
 * are remembered until it is known whether their block is. A word of a block into itself counts for nothing.
 */
#ifndef SEEP_REFERENCES_MARKS_H
#define SEEP_REFERENCES_MARKS_H

#include <seep/snapshot.h>

#include "references/blocks.h"

struct marks {
	const struct blocks *blocks;
	bool *is_referenced; /* by block */
	bool *is_pointed_at; /* by some other block at least */
	struct mark_edge {
		uint32_t from, to; /* blocks */
	} * edges;
	size_t edge_count, edge_capacity;
};

void marks_begin(struct marks *marks, const struct blocks *blocks);
void marks_free(struct marks *marks);

/* A word, and where it was found; 0: in a register, or wherever else no block is. */
void marks_see(struct marks *marks, uint64_t location, uint64_t word);

/* All words have been seen: what referenced blocks refer to is referenced. */
void marks_close(struct marks *marks);

/* Then: what is known of a block. */
enum seep_reference marks_state(const struct marks *marks, uint32_t block);

#endif
