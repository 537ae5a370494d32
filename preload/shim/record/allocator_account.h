/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The allocator's own account (mallinfo2, jemalloc's mallctl, tcmalloc's
 * properties). To give it, an allocator takes its locks and walks its free
 * lists: it waits for ever in a signal handler that interrupted malloc, and
 * crashes on a damaged heap. Nothing inside the program can tell whether that
 * is so. So seep never asks by itself. Only the program does, where it might as
 * well call mallinfo2 (seep_account() of <seep/seep.h>).
 */
#ifndef SEEP_RECORD_ALLOCATOR_ACCOUNT_H
#define SEEP_RECORD_ALLOCATOR_ACCOUNT_H

#include "keeper/base/entry.h"
#include "keeper/heap/heap.h"

/* False: this allocator gives no account that we know of. */
ENTRY bool account_take(const struct heap *heap);

#endif
