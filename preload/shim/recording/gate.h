/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gate: one word that says whether this process records, on a page of its
 * own with MADV_WIPEONFORK. A forked child reads 0 there, so it never touches
 * its parent's recording. A vfork or clone(CLONE_VM) child shares the page, as
 * it shares the heap, and records as its parent.
 *
 * CLOSED -(CAS by the thread that takes the first sample)-> OPENING -> OPEN or
 * OFF (for good). If a claimant goes away for good while the gate is OPENING,
 * another may take its place.
 */
#ifndef SEEP_RECORDING_GATE_H
#define SEEP_RECORDING_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "keeper/base/atomics.h"

enum gate { GATE_CLOSED = 0, GATE_OPENING = 1, GATE_OPEN = 2, GATE_OFF = 3 };

/* Maps the page. False: there is no such page, and the shim stays off. Constructor only. */
bool gate_prepare(void);

extern HIDDEN seep_atomic32 *gate_word; /* NULL before gate_prepare() */

static inline enum gate gate_read(void)
{
	return gate_word ? (enum gate)load_acquire(gate_word) : GATE_CLOSED;
}

/* Is this address space a copy made by fork? False in the process that ran the constructor and in vfork children, and where
 * there is no gate. */
bool gate_is_in_forked_child(void);

/* A number of this address space, never 0, that differs from the number of the process which forked it. */
uint8_t gate_era(void);

/* Gives one caller alone a claim (not 0), which it must end by gate_settle(). `frame` is the caller's frame. Another
 * may take the claim over if the claimant's thread is gone, went on above that frame, or has come here REFUSALS
 * times without the claim. Call it with signals blocked. */
uint32_t gate_claim(const void *frame);

/* False: somebody else had taken the claim over and owns the gate. */
bool gate_settle(uint32_t claim, enum gate state);

static inline void gate_set(enum gate state)
{
	if (gate_word)
		store_release(gate_word, state);
}

#endif
