/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which blocks are referenced: those to which a word points that lies in no sampled block, or in one that is referenced
 * itself. Words in other blocks are remembered until it is known whether their block is referenced. A word of a block
 * that points into the block itself does not count.
 */
#ifndef SEEP_REFERENCES_MARKS_H
#define SEEP_REFERENCES_MARKS_H

#include <seep/snapshot.h>

#include "references/blocks.h"

struct marks {
	const struct blocks *blocks;
	bool *is_referenced; /* by block */
	bool *is_pointed_at; /* by at least one other block */
	struct mark_edge {
		uint32_t from, to; /* from one block to another */
	} * edges;
	size_t edge_count, edge_capacity;
};

void marks_begin(struct marks *marks, const struct blocks *blocks);
void marks_free(struct marks *marks);

/* Notes a word and where it was found; 0: in a register, or wherever else there is no block. */
void marks_see(struct marks *marks, uint64_t location, uint64_t word);

/* Call this when all words have been seen: blocks to which referenced blocks point are referenced, too. */
void marks_close(struct marks *marks);

/* Afterwards: what is known about a block. */
enum seep_reference marks_state(const struct marks *marks, uint32_t block);

#endif
