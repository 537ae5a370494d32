/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The recorder: all policy on the target's side. Hooks make the real call and
 * one call here; everything below (tables, unwinder, heap file) is mechanism.
 *
 * All of it is lock-free and allocates nothing. It calls the system only when a
 * recording begins and when the walker first sees a thread's stack. errno stays
 * as it was.
 */
#ifndef SEEP_RECORD_RECORDER_H
#define SEEP_RECORD_RECORDER_H

#include <stdbool.h>
#include <stddef.h>

#include "keeper/base/entry.h"
#include "keeper/heap/live.h"
#include "shim/sample/thread.h"

/* The sample of a block that is being resized. It stays in the live table, tagged, until the call has returned and the
 * sample of what it gave comes in its place: a program that is killed meanwhile still has the old block. */
struct recorder_hold {
	struct live_hold live;
	uint32_t incarnation;
};

/* Records a sample: `address` of `size` bytes was just allocated. `hook_frame` is the hook's frame address. `resized` is
 * what was held of the block before, or NULL. Call it before the program has the address. */
ENTRY void recorder_sample(void *address, size_t size, const void *hook_frame, const struct recorder_hold *resized);

/* Puts what was kept for the recording into it, where no sample of its own did. At the program's end. */
ENTRY void recorder_settle(void);

/* Call it on a filter hit, before the allocator resizes the block. True: the block is a sample, and one of the next
 * two functions must be called when the call has returned. */
ENTRY bool recorder_hold(const void *address, struct recorder_hold *hold);

/* The block was freed by a resize to `size` bytes: records that, unless the new block's sample has. */
ENTRY void recorder_bury_resized(const struct recorder_hold *hold, size_t size);

/* The block lives on, because the resize failed. */
ENTRY void recorder_restore(const struct recorder_hold *hold);

/* Call it before the allocator frees the block: takes the sample out and records its free. */
ENTRY void recorder_forget(const void *address);

/* The same for all blocks that begin in this memory, which the allocator is about to take back without naming them. */
ENTRY void recorder_forget_range(const void *start, size_t bytes);

/* The allocator took many blocks back, and nobody can say which. */
ENTRY void recorder_doubt(void);

#endif
