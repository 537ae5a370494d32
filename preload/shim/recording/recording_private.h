/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of recording.h share. */
#ifndef SEEP_RECORDING_RECORDING_PRIVATE_H
#define SEEP_RECORDING_RECORDING_PRIVATE_H

#include "keeper/heap/heap.h"

/* The recording of this very process, if it may make system calls; else NULL. A vfork child has none: what it finds is its
 * parent's. */
struct heap *recording_at_liberty(void);

/* In a forked child: another thread's hold is its parent's. */
void recording_forget_hold(void);
/* In a forked child: what was counted before a recording began is its parent's. */
void recording_forget_counts(void);

/* Moves all that was counted before a recording began into it. `forked`: its process did not run the constructor. */
void recording_hand_over_counts(const struct heap *heap, bool forked);

#endif
