/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to a sample: see recorder.h, and docs/ARCHITECTURE.md for the journey of one allocation. */
#include "shim/record/recorder.h"
#include "shim/host/filter.h"

#include <errno.h>

#include "keeper/base/atomics.h"
#include "keeper/base/syscall.h"
#include "keeper/heap/ring.h"
#include "keeper/heap/site_users.h"
#include "keeper/heap/sites.h"
#include "keeper/heap/stacks.h"
#include "shim/host/real.h"
#include "shim/record/countdown.h"
#include "shim/recording/moment.h"
#include "shim/recording/recording.h"
#include "shim/recording/setup.h"
#include "shim/sample/unwinder.h"

/* How many recordings of a thread may be under way at once: a signal handler that interrupts one may begin another.
 * Tables, ring and walker allow that; libunwind's cache does not. */
#define DEPTH 8
#define BLOCK_ALIGNMENT 8 /* mimalloc's blocks of 8 bytes lie closest together */
#define REFUSALS 15       /* after so many in a row none is under way: handlers have jumped out of them */

/* What a thread's state was before a recording, for when it ends. */
struct entry {
	uintptr_t busy;
	uint8_t depth;
};

/* A recording that never ended, because a signal handler jumped out of it, must not silence its thread for ever. Its
 * frame is gone once another frame is in its place, or above it. If the thread went on elsewhere, the recording
 * counts as under way, and several may be; once there are too many, the thread is silent for a number of samples at
 * most. */
static bool thread_enter(struct thread_state *thread, const void *frame, struct entry *entry)
{
	const struct unwinder *unwinder = recording_setup.unwinder;
	uint8_t most = unwinder && !unwinder->nests ? 1 : DEPTH;
	*entry = (struct entry){thread->busy, thread->depth};
	if (thread->busy && (uintptr_t)frame >= thread->busy)
		*entry = (struct entry){0};
	if (entry->depth >= most) {
		thread->refused++;
		if (thread->refused < REFUSALS)
			return false;
		*entry = (struct entry){0};
	}
	thread->busy = (uintptr_t)frame;
	thread->depth = (entry->depth + 1) & 15;
	thread->refused = 0;
	return true;
}

static void thread_leave(struct thread_state *thread, struct entry entry)
{
	thread->busy = entry.busy;
	thread->depth = entry.depth & 15;
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

/* The site; the caller is a user of it (site_users.h). */
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

/* False: a signal handler has forked meanwhile, and this is the child, which may have begun its own recording. */
static bool is_still_recording(uint32_t incarnation)
{
	return recording_heap() && recording_incarnation() == incarnation;
}

/* Also lets the event's site go. */
static void push(const struct heap *heap, const struct event *event, uint32_t incarnation)
{
	if (!is_still_recording(incarnation))
		return;
	if (!ring_push(heap, event)) {
		heap_count_loss(heap, SEEP_LOSS_RING_FOLDED);
		site_fold(heap, event);
	}
	if (is_still_recording(incarnation))
		site_let_go(heap, event->site);
}

static void put_in(const struct heap *heap, const struct live_entry *entry)
{
	const void *address = (const void *)(uintptr_t)entry->address;
	filter_mark(address);
	if (!live_insert(heap, entry)) {
		filter_unmark(address);
		heap_count_loss(heap, SEEP_LOSS_LIVE_FULL);
	}
}

static void record(const struct heap *heap, struct thread_state *thread, void *address, size_t size,
		   const void *hook_frame)
{
	uint32_t incarnation = recording_incarnation();
	struct live_entry entry = {
	    .address = (uintptr_t)address,
	    .size = size < SEEP_SIZE_LIMIT ? size : SEEP_SIZE_LIMIT,
	    .rate_index = load_relaxed(&heap->header->rate_now),
	    .site = capture_site(heap, hook_frame),
	    .thread = thread_number(thread, heap),
	    .birth_ns = moment_now_ns(),
	};
	if (!is_still_recording(incarnation))
		return;
	/* The allocator gives no address out twice: an entry that is there belongs to a block that was freed unseen. */
	if (filter_test(address))
		recorder_forget(address);
	put_in(heap, &entry);
	struct event event = {.kind = SEEP_EVENT_ALLOCATED,
			      .size = entry.size,
			      .rate_index = entry.rate_index,
			      .site = entry.site,
			      .thread = entry.thread,
			      .time_ns = entry.birth_ns};
	push(heap, &event, incarnation);
}

void recorder_sample(void *address, size_t size, const void *hook_frame)
{
	ENTRY_ANY_ALIGNMENT;
	struct thread_state *thread = &thread_state;
	int saved_errno = errno;
	struct entry entry;
	thread_use();
	if (thread_enter(thread, __builtin_frame_address(0), &entry)) {
		const struct heap *heap = recording_heap_or_begin();
		if (heap)
			record(heap, thread, address, size, hook_frame);
		thread_leave(thread, entry);
	} else {
		recording_lose_sample();
	}
	thread_end_use();
	errno = saved_errno;
}

static bool take(const void *address, struct live_entry *entry)
{
	countdown_heal();
	thread_use();
	const struct heap *heap = recording_heap();
	bool found = heap && live_remove(heap, (uintptr_t)address, entry);
	if (found)
		filter_unmark(address);
	thread_end_use();
	return found;
}

static void push_freed(const struct heap *heap, const struct live_entry *entry, bool grown, uint32_t incarnation)
{
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
	push(heap, &event, incarnation);
}

static void bury(const struct live_entry *entry, uint32_t incarnation)
{
	thread_use();
	const struct heap *heap = recording_heap();
	if (heap)
		push_freed(heap, entry, false, incarnation);
	thread_end_use();
}

bool recorder_hold(const void *address, struct recorder_hold *hold)
{
	ENTRY_ANY_ALIGNMENT;
	countdown_heal();
	thread_use();
	const struct heap *heap = recording_heap();
	hold->incarnation = recording_incarnation();
	bool held = heap && live_hold(heap, (uintptr_t)address, thread_number(&thread_state, heap), &hold->live);
	thread_end_use();
	return held;
}

/* The recording that the block was held in. NULL: the call has returned in a child that was forked from inside it. */
static const struct heap *hold_heap(const struct recorder_hold *hold)
{
	return hold->incarnation == recording_incarnation() ? recording_heap() : NULL;
}

void recorder_bury_resized(const struct recorder_hold *hold, size_t size)
{
	ENTRY_ANY_ALIGNMENT;
	const struct live_entry *entry = &hold->live.entry;
	thread_use();
	const struct heap *heap = hold_heap(hold);
	if (heap && live_drop(heap, &hold->live)) {
		filter_unmark((const void *)(uintptr_t)entry->address);
		push_freed(heap, entry, size > entry->size, hold->incarnation);
	}
	thread_end_use();
}

void recorder_restore(const struct recorder_hold *hold)
{
	ENTRY_ANY_ALIGNMENT;
	thread_use();
	const struct heap *heap = hold_heap(hold);
	if (heap)
		live_keep(heap, &hold->live);
	thread_end_use();
}

void recorder_forget(const void *address)
{
	ENTRY_ANY_ALIGNMENT;
	struct live_entry entry;
	uint32_t incarnation = recording_incarnation();
	if (take(address, &entry))
		bury(&entry, incarnation);
}

void recorder_forget_range(const void *start, size_t bytes)
{
	ENTRY_ANY_ALIGNMENT;
	const char *end = (const char *)start + bytes;
	for (const char *at = start; (at = filter_find(at, end)) != NULL; at += BLOCK_ALIGNMENT)
		recorder_forget(at);
}
