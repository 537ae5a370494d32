/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The slow half of a thread's countdown of bytes to its next sample point, whose
 * fast half is thread_count(): sizes that no allocator has, gaps that end, and
 * countdowns that such a size has pushed up.
 */
#ifndef SEEP_RECORD_COUNTDOWN_H
#define SEEP_RECORD_COUNTDOWN_H

#include <stdbool.h>
#include <stddef.h>

#include "keeper/base/entry.h"

/* Takes back what thread_count() took off. Call it before the real call, which may fail, throw, or never return. */
ENTRY void countdown_undo(size_t size);

/* Settles the countdown where thread_count() asks after the real call. True: a sample point lies in this allocation. */
ENTRY bool countdown_is_due(size_t size);

/* Begins a countdown anew that a size which no allocator has pushed up, and counts a sample as lost. */
ENTRY void countdown_heal(void);

#endif
