/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The allocator's own account (mallinfo2, jemalloc's mallctl, tcmalloc's
 * properties), read in a thread of the program's, because only there is it
 * safe: glibc takes no lock while the program has one thread.
 */
#ifndef SEEP_RECORD_ACCOUNT_H
#define SEEP_RECORD_ACCOUNT_H

#include "heap/heap.h"

/* After a sample: when the keeper has asked for it, and not from a signal handler, and not while accounts
 * would take more than a thousandth of the time (a ten-thousandth, where one takes over 100 us). */
void account_take_if_wanted(const struct heap *heap);

/* At exit, whatever it takes. */
void account_take(const struct heap *heap);

#endif
