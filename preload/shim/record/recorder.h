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

#include "keeper/base/entry.h"
#include "keeper/heap/live.h"
#include "shim/host/filter.h"
#include "shim/sample/thread.h"

/* Records a sample: `address` of `size` bytes was just allocated. `hook_frame` is the hook's frame address. Call it
 * before the program has the address. */
ENTRY void recorder_sample(void *address, size_t size, const void *hook_frame);

/* The sample of a block that is being resized. It stays in the live table, tagged, until the call has returned: a
 * program that is killed in it has the old block. */
struct recorder_hold {
	struct live_hold live;
	uint32_t incarnation;
};

/* Out of line, on a filter hit, before the allocator resizes the block. True: it is a sample, and one of the next two
 * is to be called when the call has returned. */
ENTRY bool recorder_hold(const void *address, struct recorder_hold *hold);

/* A realloc to `size` bytes freed it: that is recorded. */
ENTRY void recorder_bury_resized(const struct recorder_hold *hold, size_t size);

/* It lives on after all (a realloc failed). */
ENTRY void recorder_restore(const struct recorder_hold *hold);

/* A free, before the allocator has it: the sample is taken out, and its free recorded. */
ENTRY void recorder_forget(const void *address);

/* The same for whatever begins in this memory, which the allocator takes back without naming the blocks. */
ENTRY void recorder_forget_range(const void *start, size_t bytes);

#endif
