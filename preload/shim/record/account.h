/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The allocator's own account (mallinfo2, jemalloc's mallctl, tcmalloc's
 * properties). All of these take the allocator's locks and walk its free
 * lists: they wait for ever in a signal handler that interrupted malloc, and
 * crash on a heap that is damaged. Nothing inside the program can tell whether
 * either is so. So seep never asks by itself: only the program does, where it
 * might as well call mallinfo2 (seep_account() of <seep/seep.h>).
 */
#ifndef SEEP_RECORD_ACCOUNT_H
#define SEEP_RECORD_ACCOUNT_H

#include "keeper/base/entry.h"
#include "keeper/heap/heap.h"

/* False: this allocator has none that we know of. */
ENTRY bool account_take(const struct heap *heap);

#endif
