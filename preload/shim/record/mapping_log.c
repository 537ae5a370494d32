/* SPDX-License-Identifier: Apache-2.0 */
/* Calls before the recording: see mapping_log.h. */
#include "shim/record/mapping_log.h"

#include "keeper/heap/modules.h"
#include "keeper/heap/site_users.h"
#include "keeper/heap/stacks.h"
#include "shim/host/real.h"
#include "shim/record/labels.h"
#include "shim/recording/recording.h"
#include "shim/recording/setup.h"
#include "shim/sample/thread.h"

#define CALLS 64
#define CALLS_MANY 48
#define FRAMES 16

enum { EMPTY, READY, TAKEN };

static struct noted {
	seep_atomic32 state;
	uint32_t depth;
	bool truncated;
	uint8_t label;
	struct mapping_event call;
	uintptr_t frames[FRAMES + 1]; /* and the label */
} noted[CALLS];

static seep_atomic32 used; /* entries that were reserved, or asked for */
seep_atomic32 mapping_log_waiting;

bool mapping_log_is_allocator(uintptr_t caller)
{
	static _Atomic uintptr_t start, end; /* threads may write both, and the same */
	struct loaded_module module;
	if (!load_acquire(&end)) {
		if (!recording_is_prepared() || !module_find_loaded((uintptr_t)real.free, &module))
			return false;
		store_relaxed(&start, module.name[0] ? module.start : module.end);
		store_release(&end, module.end);
	}
	return caller >= load_relaxed(&start) && caller < load_relaxed(&end);
}

/* Before the constructor has chosen an unwinder, the caller alone is known; for the allocator's calls it is enough. */
static void stack_note(struct noted *entry, const void *hook_frame)
{
	const struct unwinder *unwinder = recording_setup.unwinder;
	struct unwinding unwinding = {.depth = 1, .end = UNWINDING_LOST};
	if (unwinder && !(entry->call.sort & SEEP_MAPPING_ALLOCATOR))
		unwinding = unwinder->capture(hook_frame, entry->frames, FRAMES);
	else
		entry->frames[0] = ((const uintptr_t *)hook_frame)[1];
	entry->depth = (uint32_t)unwinding.depth;
	entry->label = thread_state.label;
	entry->truncated = unwinding.end != UNWINDING_COMPLETE;
}

bool mapping_log_add(const struct mapping_event *call, const void *hook_frame)
{
	const uint32_t number = load_relaxed(&used) < CALLS ? add_relaxed(&used, 1) : CALLS;
	add_relaxed(&mapping_log_waiting, 1);
	if (number >= CALLS)
		return true;
	struct noted *entry = &noted[number];
	entry->call = *call;
	stack_note(entry, hook_frame);
	store_release(&entry->state, READY);
	return number >= CALLS_MANY;
}

static void hand_over(const struct heap *heap, struct noted *entry, uint32_t thread)
{
	if (mapping_log_is_allocator(entry->frames[0]))
		entry->call.sort |= SEEP_MAPPING_ALLOCATOR;
	entry->call.since = mapping_ring_now(heap);
	if (!(entry->call.sort & SEEP_MAPPING_ALLOCATOR)) {
		const size_t depth = label_append(heap, entry->label, entry->frames, entry->depth);
		entry->call.site = stack_site(heap, entry->frames, depth, entry->truncated);
	}
	entry->call.thread = thread;
	if (mapping_ring_push(heap, &entry->call) == MAPPING_REFUSED)
		heap_count_loss(heap, SEEP_LOSS_MAPPINGS);
	site_let_go(heap, entry->call.site);
}

void mapping_log_hand_over(const struct heap *heap, uint32_t thread)
{
	uint32_t waiting = atomic_exchange_explicit(&mapping_log_waiting, 0, memory_order_acquire), handed = 0;
	for (uint32_t i = 0; i < CALLS && waiting; i++) {
		uint32_t ready = READY;
		if (!atomic_compare_exchange_strong_explicit(&noted[i].state, &ready, TAKEN, memory_order_acquire,
							     memory_order_relaxed))
			continue;
		hand_over(heap, &noted[i], thread);
		handed++;
	}
	if (waiting > handed)
		add_relaxed(&heap->header->losses[SEEP_LOSS_MAPPINGS], waiting - handed);
}
