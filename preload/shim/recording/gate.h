/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gate: one word that says whether this process records, on a page of its
 * own with MADV_WIPEONFORK. A forked child reads 0 there, so it can never
 * touch its parent's recording; a vfork child or clone(CLONE_VM) child shares
 * the page, as it shares the heap, and records as the parent.
 *
 * CLOSED -(CAS by the thread that takes the first sample)-> OPENING -> OPEN
 * or OFF (for good). A claimant that is gone for good while the gate is
 * OPENING is followed by another.
 */
#ifndef SEEP_RECORDING_GATE_H
#define SEEP_RECORDING_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "keeper/base/atomics.h"

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

/* A number of this address space that differs from that of the process which forked it. Never 0. */
uint8_t gate_era(void);

/* One caller alone gets a claim (not 0), which it must end by gate_settle(). `frame` is its frame: where its thread is
 * gone, or went on above that frame, or has come here REFUSALS times without it, the claim is another's to take. Call it
 * with signals blocked. */
uint32_t gate_claim(const void *frame);

/* False: the claim had been taken over, and the gate is the other's. */
bool gate_settle(uint32_t claim, enum gate state);

static inline void gate_set(enum gate state)
{
	if (gate_word)
		store_release(gate_word, state);
}

#endif
