/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stack table: append-only, lock-free. A stack is written once into STACKS,
 * its site into SITES, then published by a compare-and-swap of its index slot.
 * The loser of a race finds the winner's stack and leaves its own copy behind,
 * unreferenced. A thread killed before publishing leaves the same: no harm.
 */
#ifndef SEEP_HEAP_STACKS_H
#define SEEP_HEAP_STACKS_H

#include <stdbool.h>
#include <stddef.h>

#include "heap/heap.h"

/* Site of this stack (addresses as captured, leaf first; see FRAME_EXACT; they are overwritten), found or appended. Any thread, signal-safe,
 * lock-free. 0: no room, or an empty stack. */
uint32_t stack_site(const struct heap *heap, uintptr_t *addresses, size_t depth, bool truncated);

/* The stack of a site, checked against the areas; NULL where there is none or the file is damaged. */
const struct seep_heap_stack *stack_of_site(const struct heap *heap, uint32_t site);

#endif
