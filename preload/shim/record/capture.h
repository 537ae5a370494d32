/* SPDX-License-Identifier: Apache-2.0 */
/* A thread that records something: it enters, reads its stack, and leaves. */
#ifndef SEEP_RECORD_CAPTURE_H
#define SEEP_RECORD_CAPTURE_H

#include <stdbool.h>

#include "keeper/heap/heap.h"
#include "shim/sample/thread.h"

/* The thread's state from before a recording, to be restored at its end. */
struct capture_entry {
	uintptr_t busy;
	uint8_t depth;
};

/* False: too many recordings of this thread are under way already. `frame` is the caller's. */
bool capture_enter(struct thread_state *thread, const void *frame, struct capture_entry *entry);
void capture_leave(struct thread_state *thread, struct capture_entry entry);

/* The thread's number in this recording. */
uint32_t capture_thread(struct thread_state *thread, const struct heap *heap);

/* The stack's site; the caller is a user of it (site_users.h). */
uint32_t capture_site(const struct heap *heap, const void *hook_frame);

/* False: a signal handler has forked meanwhile, and this is the child, which may have begun its own recording. */
bool capture_is_valid(uint32_t incarnation);

#endif
