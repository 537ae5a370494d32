/* SPDX-License-Identifier: Apache-2.0 */
/* Records the calls that map memory: see mapping_recorder.h. */
#include "shim/record/mapping_recorder.h"

#include <errno.h>

#include "keeper/heap/site_users.h"
#include "keeper/loop/request.h"
#include "shim/record/capture.h"
#include "shim/record/mapping_log.h"
#include "shim/recording/moment.h"
#include "shim/recording/recording.h"
#include "shim/recording/setup.h"

static seep_atomic64 mapped_early; /* bytes, without a recording */

/* The allocator's mappings are the heap's, and nobody asks for their stacks. The allocator may be deep in its own
 * frames on a small stack. */
static void record(const struct heap *heap, struct mapping_event *call, const void *hook_frame)
{
	const uint32_t incarnation = recording_incarnation();
	call->thread = capture_thread(&thread_state, heap);
	if (call->kind != SEEP_MAPPING_UNMAPPED && !(call->sort & SEEP_MAPPING_ALLOCATOR))
		call->site = capture_site(heap, hook_frame);
	call->time_ns = moment_now_ns();
	if (!capture_is_valid(incarnation))
		return;
	if (load_relaxed(&mapping_log_waiting)) /* of calls before this recording: they come first */
		mapping_log_hand_over(heap, call->thread);
	const enum mapping_push pushed = mapping_ring_push(heap, call);
	if (pushed == MAPPING_REFUSED)
		heap_count_loss(heap, SEEP_LOSS_MAPPINGS);
	if (pushed != MAPPING_PUSHED && !recording_is_confined())
		request_wake(heap->header);
	site_let_go(heap, call->site);
}

/* Without a recording: notes the call. True: the program has mapped so much, or so often, that its recording is due. */
static bool note(struct mapping_event *call, const void *hook_frame)
{
	if (recording_is_prepared() && !recording_is_possible())
		return false;
	call->time_ns = recording_is_prepared() ? moment_now_ns() : 0;
	if (mapping_log_add(call, hook_frame) && recording_is_prepared())
		return true;
	if (call->kind != SEEP_MAPPING_MAPPED || call->sort & (SEEP_MAPPING_RESERVED | SEEP_MAPPING_ALLOCATOR))
		return false;
	return add_relaxed(&mapped_early, call->length) + call->length >= recording_setup.options.rate &&
	       recording_is_prepared();
}

uint64_t mapping_recorder_now(void)
{
	const struct heap *heap = recording_heap();
	return heap ? mapping_ring_now(heap) : 0;
}

void mapping_recorder_add(const struct mapping_event *call, const void *hook_frame)
{
	ENTRY_PLAIN_FLAGS;
	struct thread_state *thread = &thread_state;
	struct mapping_event event = *call;
	struct capture_entry entry;
	const int saved_errno = errno;
	thread_use();
	if (mapping_log_is_allocator(((const uintptr_t *)hook_frame)[1]))
		event.sort |= SEEP_MAPPING_ALLOCATOR;
	const struct heap *heap = recording_heap();
	if (!capture_enter(thread, __builtin_frame_address(0), &entry)) {
		if (heap)
			heap_count_loss(heap, SEEP_LOSS_MAPPINGS);
	} else {
		if (heap)
			record(heap, &event, hook_frame);
		else if (note(&event, hook_frame) && (heap = recording_heap_or_begin()) != NULL)
			mapping_log_hand_over(heap, capture_thread(thread, heap));
		capture_leave(thread, entry);
	}
	thread_end_use();
	errno = saved_errno;
}
