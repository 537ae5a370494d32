/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stack table: lock-free. A stack is written into cells, its site put into
 * service, then published by a compare-and-swap of its index slot. The loser of
 * a race finds the winner's stack and lets its own go, which the keeper gives
 * up, since nothing needs it. A thread killed before publishing leaves the
 * same, or entries that are never used again.
 */
#ifndef SEEP_HEAP_STACKS_H
#define SEEP_HEAP_STACKS_H

#include <stdbool.h>
#include <stddef.h>

#include "keeper/heap/heap.h"

/* Site of this stack (addresses as captured, leaf first; see FRAME_EXACT; they are overwritten), found or appended; where
 * the tables have no room, of its leaf frames. The caller is a user of it (site_users.h). Any thread, signal-safe,
 * lock-free. 0: no room at all, or an empty stack. */
uint32_t stack_site(const struct heap *heap, uintptr_t *addresses, size_t depth, bool truncated);

/* The stack of a site, its first cell; NULL where there is none or the file is damaged. */
const struct seep_heap_cell *stack_of_site(const struct heap *heap, uint32_t site);

/* Its frames, leaf first. */
struct stack_reader {
	const struct heap *heap;
	const struct seep_heap_cell *cell;
	uint32_t word; /* next in the cell */
	uint32_t left; /* frames */
};
struct stack_reader stack_read_begin(const struct heap *heap, const struct seep_heap_cell *stack);
/* False: that was all. */
bool stack_read(struct stack_reader *reader, uint64_t *frame);

/* For the keeper: gives back the cells of a stack that nobody looks at any more. */
void stack_give_back(const struct heap *heap, uint32_t cell);

#endif
