/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The recorder: all policy of the target's side. Hooks make the real call and
 * one call here; everything below (tables, unwinder, heap file) is mechanism.
 *
 * All of it is lock-free, allocates nothing, and calls the system only when a
 * recording begins (and, once a thread, when the walker first sees its stack).
 * errno is left as it was.
 */
#ifndef SEEP_RECORD_RECORDER_H
#define SEEP_RECORD_RECORDER_H

#include <stdbool.h>
#include <stddef.h>

#include "heap/live.h"
#include "host/filter.h"
#include "record/thread.h"

/* After a borrow: settles the countdown. True: a sample point lies in this allocation. */
bool recorder_due(size_t size);

/* Records a sample: `address` of `size` bytes was just allocated. `hook_frame` is the hook's frame address. Call it
 * before the program has the address. */
void recorder_sample(void *address, size_t size, const void *hook_frame);

/* Out of line, on a filter hit: takes the address out of the live table. True: it was a sample. Call it before the
 * allocator has the address back. */
bool recorder_take(const void *address, struct live_entry *entry);

/* The sample that was taken out is dead: its free is recorded. */
void recorder_bury(const struct live_entry *entry);

/* The same where a realloc to `size` bytes freed it. */
void recorder_bury_resized(const struct live_entry *entry, size_t size);

/* The sample that was taken out lives on after all (a realloc failed). */
void recorder_restore(const struct live_entry *entry);

/* A free: take and bury. */
void recorder_forget(const void *address);

#endif
