/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to a sample: see recorder.h, and docs/ARCHITECTURE.md for the journey of one allocation. */
#include "record/recorder.h"

#include <errno.h>

#include "base/atomics.h"
#include "base/syscall.h"
#include "heap/ring.h"
#include "heap/sites.h"
#include "heap/stacks.h"
#include "host/real.h"
#include "record/moment.h"
#include "record/recording.h"
#include "sample/sampler.h"
#include "sample/unwinder.h"

__attribute__((aligned(8))) _Thread_local struct thread_state thread_state; /* no room lost before it */

/* A countdown that no program reaches. */
#define NEVER (UINT64_MAX / 2)

static uint64_t draw_gap(struct thread_state *thread)
{
	if (!recording_is_possible())
		return NEVER;
	return sampler_draw_gap(&thread->random, recording_setup.options.rate);
}

bool recorder_due(size_t size)
{
	struct thread_state *thread = &thread_state;
	uint64_t bytes = size + (size == 0);
	thread->countdown += bytes; /* as it was before the borrow */
	if (!recording_is_prepared()) {
		thread->countdown = 0; /* not seen: the rate is not known before the constructor has run */
		recording_count_unseen(bytes);
		return false;
	}
	if (!thread->random) {
		thread->random = sampler_seed(moment_now_ns() ^ (uintptr_t)thread);
		thread->gap = thread->countdown = draw_gap(thread);
		if (thread->countdown >= bytes) {
			thread->countdown -= bytes;
			return false;
		}
	}
	recording_count(thread->gap - thread->countdown + bytes);
	thread->gap = thread->countdown = draw_gap(thread);
	return thread->gap != NEVER;
}

/* A recording that was under way on this thread and never ended (a signal handler jumped out of it) must not silence
 * the thread for ever: its frame is gone once the stack pointer is above it. */
static bool thread_enter(struct thread_state *thread, const void *frame)
{
	if (thread->busy && (uintptr_t)frame <= thread->busy)
		return false;
	thread->busy = (uintptr_t)frame;
	return true;
}

static uint32_t thread_number(struct thread_state *thread, const struct heap *heap)
{
	uint32_t incarnation = recording_incarnation();
	if (thread->incarnation != incarnation) {
		thread->number = add_relaxed(&heap->header->thread_count, 1);
		thread->incarnation = incarnation;
	}
	return thread->number;
}

static uint32_t capture_site(const struct heap *heap, const void *hook_frame)
{
	uintptr_t frames[UNWINDER_FRAMES];
	struct unwinding unwinding = {0};
	const struct unwinder *unwinder = recording_setup.unwinder;
	if (unwinder) {
		unwinding = unwinder->capture(hook_frame, frames, UNWINDER_FRAMES);
	} else {
		frames[0] = ((const uintptr_t *)hook_frame)[1];
		unwinding = (struct unwinding){.depth = 1, .end = UNWINDING_LOST};
	}
	bool truncated = unwinding.end != UNWINDING_COMPLETE;
	if (truncated)
		heap_count_loss(heap, SEEP_LOSS_STACKS_TRUNCATED);
	return stack_site(heap, frames, unwinding.depth, truncated);
}

static void push(const struct heap *heap, const struct event *event)
{
	if (ring_push(heap, event))
		return;
	heap_count_loss(heap, SEEP_LOSS_RING_FOLDED);
	site_fold(heap, event);
}

static void record(const struct heap *heap, struct thread_state *thread, void *address, size_t size,
		   const void *hook_frame)
{
	struct live_entry entry = {
	    .address = (uintptr_t)address,
	    .size = size < SEEP_SIZE_LIMIT ? size : SEEP_SIZE_LIMIT,
	    .rate_index = load_relaxed(&heap->header->rate_now),
	    .site = capture_site(heap, hook_frame),
	    .thread = thread_number(thread, heap),
	    .birth_ns = moment_now_ns(),
	};
	/* The allocator gives nothing out twice: what is there under this address was freed by a way that we don't see.
	 */
	if (filter_test(address))
		recorder_forget(address);
	filter_mark(address);
	if (!live_insert(heap, &entry)) {
		filter_unmark(address);
		heap_count_loss(heap, SEEP_LOSS_LIVE_FULL);
	}
	struct event event = {.kind = SEEP_EVENT_ALLOCATED,
			      .size = entry.size,
			      .rate_index = entry.rate_index,
			      .site = entry.site,
			      .thread = entry.thread,
			      .time_ns = entry.birth_ns};
	push(heap, &event);
}

void recorder_sample(void *address, size_t size, const void *hook_frame)
{
	struct thread_state *thread = &thread_state;
	int saved_errno = errno;
	if (!thread_enter(thread, __builtin_frame_address(0))) {
		const struct heap *heap = recording_heap();
		if (heap)
			heap_count_loss(heap, SEEP_LOSS_SAMPLES_REENTRY);
		return;
	}
	const struct heap *heap = recording_heap_or_begin();
	if (heap)
		record(heap, thread, address, size, hook_frame);
	thread->busy = 0;
	errno = saved_errno;
}

static bool take(const void *address, struct live_entry *entry)
{
	const struct heap *heap = recording_heap();
	if (!heap || !live_remove(heap, (uintptr_t)address, entry))
		return false;
	filter_unmark(address);
	return true;
}

static void bury(const struct live_entry *entry, bool grown)
{
	const struct heap *heap = recording_heap();
	if (!heap)
		return;
	uint64_t now = moment_now_ns();
	struct event event = {.kind = SEEP_EVENT_FREED,
			      .size = entry->size,
			      .rate_index = entry->rate_index,
			      .site = entry->site,
			      .thread = thread_number(&thread_state, heap),
			      .time_ns = now > entry->birth_ns ? now - entry->birth_ns : 0,
			      .grown = grown};
	if (event.thread != entry->thread)
		event.kind = SEEP_EVENT_FREED_REMOTELY;
	push(heap, &event);
}

bool recorder_hold(const void *address, struct recorder_hold *hold)
{
	const struct heap *heap = recording_heap();
	hold->incarnation = recording_incarnation();
	return heap && live_hold(heap, (uintptr_t)address, thread_number(&thread_state, heap), &hold->live);
}

/* The recording that it was held in, unless the call has returned in a child that was forked from inside it. */
static const struct heap *hold_heap(const struct recorder_hold *hold)
{
	return hold->incarnation == recording_incarnation() ? recording_heap() : NULL;
}

void recorder_bury_resized(const struct recorder_hold *hold, size_t size)
{
	const struct live_entry *entry = &hold->live.entry;
	const struct heap *heap = hold_heap(hold);
	if (!heap || !live_drop(heap, &hold->live))
		return;
	filter_unmark((const void *)(uintptr_t)entry->address);
	bury(entry, size > entry->size);
}

void recorder_restore(const struct recorder_hold *hold)
{
	const struct heap *heap = hold_heap(hold);
	if (heap)
		live_keep(heap, &hold->live);
}

void recorder_forget(const void *address)
{
	struct live_entry entry;
	if (take(address, &entry))
		bury(&entry, false);
}
