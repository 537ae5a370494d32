/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gate: one word that says whether this process records, on a page of its
 * own with MADV_WIPEONFORK. A forked child reads 0 there, so it can never
 * touch its parent's recording; a vfork child or clone(CLONE_VM) child shares
 * the page, as it shares the heap, and records as the parent.
 *
 * CLOSED -(CAS by the thread that takes the first sample)-> OPENING -> OPEN
 * or OFF (for good).
 */
#ifndef SEEP_RECORD_GATE_H
#define SEEP_RECORD_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/atomics.h"

enum gate { GATE_CLOSED = 0, GATE_OPENING = 1, GATE_OPEN = 2, GATE_OFF = 3 };

/* Maps the page. False: not to be had (the shim then stays off). Constructor only. */
bool gate_prepare(void);

extern HIDDEN seep_atomic32 *gate_word; /* NULL before gate_prepare() */

static inline enum gate gate_read(void)
{
	return gate_word ? (enum gate)load_acquire(gate_word) : GATE_CLOSED;
}

/* Is this address space a copy made by fork? False in the process that ran the constructor and in vfork children. */
bool gate_is_in_forked_child(void);

/* One caller alone gets true. */
static inline bool gate_claim(void)
{
	uint32_t closed = GATE_CLOSED;
	return atomic_compare_exchange_strong_explicit(gate_word, &closed, GATE_OPENING, memory_order_acquire,
						       memory_order_relaxed);
}

static inline void gate_set(enum gate state)
{
	if (gate_word)
		store_release(gate_word, state);
}

#endif
