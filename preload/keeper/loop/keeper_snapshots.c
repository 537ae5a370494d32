/* SPDX-License-Identifier: Apache-2.0 */
/* The keeper's snapshots: takes those that are due if there is memory for them, and answers requests. */
#include "keeper/loop/keeper_private.h"

#include <errno.h>

#include "keeper/base/atomics.h"
#include "keeper/base/clock.h"
#include "keeper/base/syscall.h"
#include "keeper/loop/request.h"
#include "keeper/loop/take.h"
#include "keeper/program/process_memory.h"

#define LEDGER_SHARE 1000 /* a keeper counts pages for one part of its time in so many */

/* Bytes that building a snapshot takes, at most: an image that doubles as it grows, the stacks' tree, unread events. */
static uint64_t snapshot_bytes(const struct heap *heap)
{
	const struct seep_heap_header *header = heap->header;
	uint64_t live = load_relaxed(&header->live_inserted) - load_relaxed(&header->live_removed);
	uint64_t sites = load_relaxed(&header->site_count);
	uint64_t stacks = (uint64_t)load_relaxed(&header->cell_count) * SEEP_CELL_WORDS; /* frames */
	uint64_t unread = load_relaxed(&header->ring_head) - load_relaxed(&header->ring_tail);
	uint64_t image = live * sizeof(struct seep_live) + sites * sizeof(struct seep_site) +
			 stacks * sizeof(struct seep_node) +
			 load_relaxed(&header->lifetime_count) * sizeof(struct seep_lifetime);
	return 2 * image + sites * sizeof(struct seep_site) + stacks * 8 + unread * sizeof(struct seep_event);
}

/* In the target a snapshot takes memory that counts against the program's own limits: never more than half of what they
 * leave. */
static bool memory_counts(const struct keeper *keeper)
{
	const uint32_t which = keeper->headroom.which;
	return keeper->in_target && (which == SEEP_MEMORY_LIMIT_VIRTUAL || which == SEEP_MEMORY_LIMIT_DATA);
}

static bool snapshot_has_room(const struct keeper *keeper)
{
	const struct headroom *room = &keeper->headroom;
	return !memory_counts(keeper) || snapshot_bytes(&keeper->heap) <= room->left_bytes / 2;
}

int keeper_take(struct keeper *keeper, enum seep_trigger trigger, bool durable, uint64_t *number)
{
	struct seep_heap_header *header = keeper->heap.header;
	struct build_options options = {.trigger = trigger, .consumer = true};
	struct seep_fault fault = {0};
	double in_use_bytes = double_load(&header->in_use_bytes);
	uint64_t begun_ns = clock_read_ns(CLOCK_MONOTONIC), ledger_ns = 0;
	if ((trigger == SEEP_TRIGGER_REQUEST || begun_ns >= keeper->ledger_due_ns) && !memory_counts(keeper))
		options.ledger_ns = &ledger_ns;
	bool taken = false;
	memory_read_status(&keeper->heap);
	bool has_room = snapshot_has_room(keeper);
	int directory = has_room ? home_open(keeper) : -ENOMEM;
	if (directory < 0) {
		heap_count_loss(&keeper->heap, SEEP_LOSS_SNAPSHOTS_FAILED);
		fault.error = -directory;
	} else {
		taken = snapshot_take(&keeper->heap, directory, &options, durable, number, &fault);
		system_close(directory);
	}
	if (options.ledger_ns)
		keeper->ledger_due_ns = begun_ns + ledger_ns * LEDGER_SHARE;
	schedule_taken(&keeper->schedule, begun_ns, clock_read_ns(CLOCK_MONOTONIC), trigger, !taken, in_use_bytes);
	if (taken)
		return 0;
	return fault.error ? fault.error : EIO;
}

static void requests_answer(struct keeper *keeper)
{
	uint32_t request;
	enum seep_trigger trigger;
	uint64_t number = 0;
	if (!request_pending(keeper->heap.header, &request, &trigger))
		return;
	int error = keeper_take(keeper, trigger, true, &number);
	request_answer(keeper->heap.header, request, number, error);
}

/* The nearest limit of memory: is it time for a snapshot before it is reached? */
static bool limit_is_near(struct keeper *keeper, uint64_t now_ns)
{
	const struct seep_heap_header *header = keeper->heap.header;
	double in_use_bytes = double_load(&header->in_use_bytes);
	if (!header->limit_headroom_bytes && !header->limit_headroom_percent)
		return false;
	if (schedule_limits_due(&keeper->schedule, now_ns))
		limits_find(&keeper->limits, &keeper->heap, LIMITS_ROOT);
	if (!schedule_room_due(&keeper->schedule, now_ns, in_use_bytes))
		return false;
	keeper->headroom = limits_look(&keeper->limits, &keeper->heap);
	if (keeper->headroom.which)
		return schedule_room_seen(&keeper->schedule, now_ns, in_use_bytes, keeper->headroom.left_bytes,
					  keeper->headroom.threshold_bytes);
	schedule_room_endless(&keeper->schedule);
	return false;
}

void keeper_take_due(struct keeper *keeper, uint64_t now_ns)
{
	const struct seep_heap_header *header = keeper->heap.header;
	uint64_t number;
	requests_answer(keeper);
	if (limit_is_near(keeper, now_ns)) {
		int error = keeper_take(keeper, SEEP_TRIGGER_LIMIT, true, &number);
		schedule_limit_taken(&keeper->schedule, clock_read_ns(CLOCK_MONOTONIC), error != 0);
	}
	if (schedule_timer_due(&keeper->schedule, now_ns)) {
		memory_read_status(&keeper->heap);
		if (!(load_relaxed(&header->status) & SEEP_STATUS_DUMPED))
			keeper_take(keeper, SEEP_TRIGGER_TIMER, true, &number);
	} else if (schedule_peak_due(&keeper->schedule, now_ns, double_load(&header->in_use_bytes),
				     heap_rate(&keeper->heap, load_relaxed(&header->rate_now)))) {
		keeper_take(keeper, SEEP_TRIGGER_PEAK, true, &number);
	}
}
