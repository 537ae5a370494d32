/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lease: at most one process folds the ring and numbers snapshots.
 *
 * header->lease holds the holder's pid (0: free) in bits 0..31 and a generation
 * above, which every change of hands raises, so that a holder that lost the
 * lease notices even if its pid comes again. All changes are by compare-and-
 * swap of the whole word.
 *
 * free -(take)-> held -(give back)-> free
 * held -(take, holder is dead)-> held by another
 *
 * The holder writes down who it is behind the word: its pid namespace and when it started. The holder is dead when its
 * process is gone, or, where it is not the recorded program itself, when it gave no sign of life for LEASE_SILENCE_NS.
 * A holder that we cannot see from here (another namespace), or that has not written down yet who it is, counts as
 * alive until then. A holder that stood still for that long and then goes on may fold one batch beside its successor,
 * since it looks at the word before each batch.
 *
 * A holder that died between ring_folding = n + 1 and ring_tail = n + 1 leaves
 * event n in doubt: it is folded (again) and counted as SEEP_LOSS_EVENTS_
 * DOUBTED by whoever takes the lease.
 */
#ifndef SEEP_PROGRAM_LEASE_H
#define SEEP_PROGRAM_LEASE_H

#include <stdbool.h>
#include <stdint.h>

#include "keeper/heap/heap.h"

#define LEASE_SILENCE_NS UINT64_C(30000000000)

struct lease {
	uint64_t word;                   /* as we stored it; 0: not held */
	uint64_t namespace, start_ticks; /* who we are */
};

/* False: a living process holds it. */
bool lease_take(const struct heap *heap, struct lease *lease);
/* The same after a holder that is certainly dead. False: another process was faster. */
bool lease_take_over(const struct heap *heap, struct lease *lease);
/* Is it still ours? If so, notes the sign of life. */
bool lease_renew(const struct heap *heap, struct lease *lease);
void lease_give_back(const struct heap *heap, struct lease *lease);

/* Pid of the holder, dead or alive; 0: free. */
uint32_t lease_holder(const struct seep_heap_header *header);
/* Is the lease held, and its holder alive? */
bool lease_is_live(const struct seep_heap_header *header);

#endif
