/* SPDX-License-Identifier: Apache-2.0 */
/* Records samples and their frees: see recorder.h, and docs/ARCHITECTURE.md for the journey of one allocation. */
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
#include "shim/record/capture.h"
#include "shim/record/countdown.h"
#include "shim/record/mapping_log.h"
#include "shim/record/sample_log.h"
#include "shim/recording/moment.h"
#include "shim/recording/recording.h"

#define BLOCK_ALIGNMENT 8 /* mimalloc's blocks of 8 bytes lie closest together */

/* Also lets the event's site go. */
static void push(const struct heap *heap, const struct event *event, uint32_t incarnation)
{
	if (!capture_is_valid(incarnation))
		return;
	if (!ring_push(heap, event)) {
		heap_count_loss(heap, SEEP_LOSS_RING_FOLDED);
		site_fold(heap, event);
	}
	if (capture_is_valid(incarnation))
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

static void push_allocated(const struct heap *heap, const struct live_entry *entry, uint32_t incarnation)
{
	struct event event = {.kind = SEEP_EVENT_ALLOCATED,
			      .size = entry->size,
			      .rate_index = entry->rate_index,
			      .site = entry->site,
			      .thread = entry->thread,
			      .time_ns = entry->birth_ns};
	push(heap, &event, incarnation);
}

static void push_freed(const struct heap *heap, const struct live_entry *entry, uint64_t now, bool grown,
		       uint32_t incarnation)
{
	struct event event = {.kind = SEEP_EVENT_FREED,
			      .size = entry->size,
			      .rate_index = entry->rate_index,
			      .site = entry->site,
			      .thread = capture_thread(&thread_state, heap),
			      .time_ns = now > entry->birth_ns ? now - entry->birth_ns : 0,
			      .grown = grown};
	if (event.thread != entry->thread)
		event.kind = SEEP_EVENT_FREED_REMOTELY;
	push(heap, &event, incarnation);
}

static void hand_over(const struct heap *heap, struct logged_sample *logged, bool alive, uint32_t thread,
		      uint32_t incarnation)
{
	struct live_entry entry = {
	    .address = (uintptr_t)logged->address,
	    .size = logged->size,
	    .rate_index = load_relaxed(&heap->header->rate_now),
	    .site = stack_site(heap, logged->frames, logged->depth, logged->truncated),
	    .thread = thread,
	    .birth_ns = logged->birth_ns,
	};
	recording_find_early_sample(heap);
	if (logged->truncated)
		heap_count_loss(heap, SEEP_LOSS_STACKS_TRUNCATED);
	if (alive)
		put_in(heap, &entry);
	else
		site_use(heap, entry.site); /* for the second event */
	push_allocated(heap, &entry, incarnation);
	if (!alive)
		push_freed(heap, &entry, logged->freed_ns, false, incarnation);
	else if (!sample_log_put(logged))
		recorder_forget(logged->address);
}

/* What came before this recording. */
static void hand_over_logs(const struct heap *heap, uint32_t thread, uint32_t incarnation)
{
	struct logged_sample *logged;
	bool alive;
	if (load_relaxed(&mapping_log_waiting))
		mapping_log_hand_over(heap, thread);
	while (load_relaxed(&sample_log_used) && (logged = sample_log_take(&alive)) != NULL)
		hand_over(heap, logged, alive, thread, incarnation);
}

/* False: the thread that has the address now, or record(), has done so. */
static bool drop(const struct heap *heap, const struct recorder_hold *hold)
{
	if (!live_drop(heap, &hold->live))
		return false;
	filter_unmark((const void *)(uintptr_t)hold->live.entry.address);
	return true;
}

static void record(const struct heap *heap, struct thread_state *thread, void *address, size_t size,
		   const void *hook_frame, const struct recorder_hold *resized)
{
	uint32_t incarnation = recording_incarnation();
	struct live_entry entry = {
	    .address = (uintptr_t)address,
	    .size = size < SEEP_SIZE_LIMIT ? size : SEEP_SIZE_LIMIT,
	    .rate_index = load_relaxed(&heap->header->rate_now),
	    .site = capture_site(heap, hook_frame),
	    .thread = capture_thread(thread, heap),
	    .birth_ns = moment_now_ns(),
	};
	if (!capture_is_valid(incarnation))
		return;
	hand_over_logs(heap, entry.thread, incarnation);
	/* A program that is killed between the two has neither: nothing that takes long lies there. */
	bool freed = resized && resized->incarnation == incarnation && drop(heap, resized);
	/* The allocator gives no address out twice: an entry that is there belongs to a block that was freed unseen. */
	if (filter_test(address))
		recorder_forget(address);
	put_in(heap, &entry);
	if (freed)
		push_freed(heap, &resized->live.entry, entry.birth_ns, size > resized->live.entry.size, incarnation);
	push_allocated(heap, &entry, incarnation);
}

void recorder_sample(void *address, size_t size, const void *hook_frame, const struct recorder_hold *resized)
{
	ENTRY_PLAIN_FLAGS;
	struct thread_state *thread = &thread_state;
	int saved_errno = errno;
	struct capture_entry entry;
	thread_use();
	if (capture_enter(thread, __builtin_frame_address(0), &entry)) {
		const struct heap *heap = sample_log_add(address, size, hook_frame) ? NULL : recording_heap_or_begin();
		if (heap)
			record(heap, thread, address, size, hook_frame, resized);
		capture_leave(thread, entry);
	} else {
		recording_lose_sample();
	}
	thread_end_use();
	errno = saved_errno;
}

void recorder_settle(void)
{
	ENTRY_PLAIN_FLAGS;
	thread_use();
	const struct heap *heap = load_relaxed(&sample_log_used) ? recording_heap() : NULL;
	if (heap)
		hand_over_logs(heap, capture_thread(&thread_state, heap), recording_incarnation());
	thread_end_use();
}

static bool take(const void *address, struct live_entry *entry)
{
	countdown_heal();
	thread_use();
	const struct heap *heap = recording_heap();
	bool found = heap && live_remove(heap, (uintptr_t)address, entry);
	if (found)
		filter_unmark(address);
	else if (load_relaxed(&sample_log_used))
		sample_log_forget(address);
	thread_end_use();
	return found;
}

static void bury(const struct live_entry *entry, uint32_t incarnation)
{
	thread_use();
	const struct heap *heap = recording_heap();
	if (heap)
		push_freed(heap, entry, moment_now_ns(), false, incarnation);
	thread_end_use();
}

bool recorder_hold(const void *address, struct recorder_hold *hold)
{
	ENTRY_PLAIN_FLAGS;
	countdown_heal();
	thread_use();
	const struct heap *heap = recording_heap();
	hold->incarnation = recording_incarnation();
	bool held = heap && live_hold(heap, (uintptr_t)address, capture_thread(&thread_state, heap), &hold->live);
	if (!held && load_relaxed(&sample_log_used))
		sample_log_forget(address);
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
	ENTRY_PLAIN_FLAGS;
	const struct live_entry *entry = &hold->live.entry;
	thread_use();
	const struct heap *heap = hold_heap(hold);
	if (heap && drop(heap, hold))
		push_freed(heap, entry, moment_now_ns(), size > entry->size, hold->incarnation);
	thread_end_use();
}

void recorder_restore(const struct recorder_hold *hold)
{
	ENTRY_PLAIN_FLAGS;
	thread_use();
	const struct heap *heap = hold_heap(hold);
	if (heap)
		live_keep(heap, &hold->live);
	thread_end_use();
}

void recorder_forget(const void *address)
{
	ENTRY_PLAIN_FLAGS;
	struct live_entry entry;
	uint32_t incarnation = recording_incarnation();
	if (take(address, &entry))
		bury(&entry, incarnation);
}

void recorder_forget_range(const void *start, size_t bytes)
{
	ENTRY_PLAIN_FLAGS;
	const char *end = (const char *)start + bytes;
	for (const char *at = start; (at = filter_find(at, end)) != NULL; at += BLOCK_ALIGNMENT)
		recorder_forget(at);
}

void recorder_doubt(void)
{
	ENTRY_PLAIN_FLAGS;
	thread_use();
	const struct heap *heap = recording_heap();
	if (heap)
		heap_count_loss(heap, SEEP_LOSS_ARENAS_FREED);
	thread_end_use();
}
