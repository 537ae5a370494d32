/* SPDX-License-Identifier: Apache-2.0 */
/* The common part of recording a sample and recording a mapping: see capture.h. */
#include "shim/record/capture.h"

#include "keeper/base/atomics.h"
#include "keeper/heap/stacks.h"
#include "shim/record/labels.h"
#include "shim/recording/recording.h"
#include "shim/recording/setup.h"
#include "shim/sample/memory_probe.h"
#include "shim/sample/unwinder.h"

/* How many recordings of a thread may be under way at once: a signal handler that interrupts one may begin another.
 * Tables, ring and walker allow that; libunwind's cache does not. */
#define DEPTH 8
#define REFUSALS 15 /* after so many in a row none is under way: handlers have jumped out of them */

/* A recording that never ended, because a signal handler jumped out of it, must not silence its thread for ever. Its
 * frame is gone once another frame is in its place, or above it. If the thread went on elsewhere, the recording
 * counts as under way, and several may be; once there are too many, the thread is silent for a number of samples at
 * most. */
bool capture_enter(struct thread_state *thread, const void *frame, struct capture_entry *entry)
{
	const struct unwinder *unwinder = recording_setup.unwinder;
	uint8_t most = unwinder && !unwinder->nests ? 1 : DEPTH;
	*entry = (struct capture_entry){thread->busy, thread->depth};
	if (thread->busy && (uintptr_t)frame >= thread->busy)
		*entry = (struct capture_entry){0};
	if (entry->depth >= most) {
		thread->refused++;
		if (thread->refused < REFUSALS)
			return false;
		*entry = (struct capture_entry){0};
	}
	thread->busy = (uintptr_t)frame;
	thread->depth = (entry->depth + 1) & 15;
	thread->refused = 0;
	return true;
}

void capture_leave(struct thread_state *thread, struct capture_entry entry)
{
	thread->busy = entry.busy;
	thread->depth = entry.depth & 15;
}

uint32_t capture_thread(struct thread_state *thread, const struct heap *heap)
{
	uint32_t incarnation = recording_incarnation();
	if (thread->incarnation != incarnation) {
		thread->number = add_relaxed(&heap->header->thread_count, 1);
		thread->incarnation = incarnation;
	}
	return thread->number;
}

uint32_t capture_site(const struct heap *heap, const void *hook_frame)
{
	uintptr_t frames[UNWINDER_FRAMES + 1]; /* and a label */
	struct unwinding unwinding = {0};
	const struct unwinder *unwinder = recording_setup.unwinder;
	if (load_relaxed(&heap->header->confined)) /* by a filter that its keeper has seen, and we have not */
		probe_forbid();
	if (unwinder) {
		unwinding = unwinder->capture(hook_frame, frames, UNWINDER_FRAMES);
	} else {
		frames[0] = ((const uintptr_t *)hook_frame)[1];
		unwinding = (struct unwinding){.depth = 1, .end = UNWINDING_LOST};
	}
	bool truncated = unwinding.end != UNWINDING_COMPLETE;
	if (truncated)
		heap_count_loss(heap, SEEP_LOSS_STACKS_TRUNCATED);
	const size_t depth = label_append(heap, thread_state.label, frames, unwinding.depth);
	return stack_site(heap, frames, depth, truncated);
}

bool capture_is_valid(uint32_t incarnation)
{
	return recording_heap() && recording_incarnation() == incarnation;
}
