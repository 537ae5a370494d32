/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last snapshot of a recording whose program has ended, however it ended.
 *
 * The ring is not folded here but added to the snapshot's copies, so a death
 * between building and writing changes nothing, and doing it again gives the
 * same. The holder of the lease does it; others wait and find it done: phase
 * COMPLETE is stored after the snapshot has its name.
 */
#include <errno.h>

#include "keeper/base/atomics.h"
#include "keeper/base/clock.h"
#include "keeper/base/fault.h"
#include "keeper/base/file.h"
#include "keeper/base/syscall.h"
#include "keeper/files/directory.h"
#include "keeper/loop/postmortem.h"
#include "keeper/program/lease.h"
#include "keeper/files/life.h"
#include "keeper/program/namespace.h"
#include "keeper/files/heap_open.h"
#include "keeper/files/heap_location.h"
#include "keeper/program/process.h"
#include "keeper/loop/take.h"
#include "keeper/snapshot/write.h"

#define WAIT_NS UINT64_C(30000000000) /* for another finisher */
#define LOOK_NS 10000000

/* The name of the last snapshot, if it is there already. */
static bool finished_name(const struct heap *heap, int directory, char name[static SNAPSHOT_NAME_BYTES])
{
	if (load_acquire(&heap->header->phase) != SEEP_HEAP_COMPLETE)
		return false;
	uint64_t last = directory_last(heap, directory);
	snapshot_name(name, last);
	return last != 0;
}

/* Takes the lease, or waits for the one who has it. True: the lease is ours. */
static bool lease_await(const struct heap *heap, struct lease *lease)
{
	uint64_t start_ns = clock_read_ns(CLOCK_MONOTONIC);
	while (clock_read_ns(CLOCK_MONOTONIC) - start_ns < WAIT_NS) {
		if (lease_take(heap, lease))
			return true;
		struct timespec nap = {.tv_nsec = LOOK_NS};
		system_futex_wait(&heap->header->phase, load_relaxed(&heap->header->phase), &nap);
	}
	return false;
}

static bool finish_leased(const struct heap *heap, int directory, enum seep_trigger trigger,
			  char name[static SNAPSHOT_NAME_BYTES], struct seep_fault *fault)
{
	struct build_options options = {.trigger = trigger, .dead = true, .consumer = true};
	uint64_t number;
	directory_clean(directory);
	/* A tree of thousands of processes must not wait for the disk at the end of each. */
	bool durable = trigger != SEEP_TRIGGER_EXIT;
	if (!snapshot_take(heap, directory, &options, durable, &number, fault))
		return false;
	snapshot_name(name, number);
	store_release(&heap->header->phase, SEEP_HEAP_COMPLETE);
	system_futex_wake(&heap->header->phase, INT32_MAX);
	return true;
}

static bool finish(const struct seep_heap_view *view, int directory, enum seep_trigger trigger,
		   char name[static SNAPSHOT_NAME_BYTES], struct seep_fault *fault)
{
	struct heap heap;
	struct lease lease = {0};
	if (!heap_bind(&heap, view->map, view->bytes, fault))
		return false;
	if (life_goes_on(heap.header, view->abandoned))
		return finished_name(&heap, directory, name) ||
		       fault_fill(fault, 0, EBUSY, "the program is still running");
	if (view->abandoned)
		lease_take_over(&heap, &lease);
	if (!lease.word && !lease_await(&heap, &lease))
		return fault_fill(fault, 0, EBUSY, "another process is finishing this recording");
	bool finished = finished_name(&heap, directory, name) || finish_leased(&heap, directory, trigger, name, fault);
	/* of a program in another pid namespace we may only conclude from its silence that it has ended: then its file
	 * keeps its space */
	if (finished && (view->abandoned || !namespace_is_foreign(heap.header)))
		location_settle(directory, view->map, view->bytes);
	lease_give_back(&heap, &lease);
	return finished;
}

/* A recording that we may only read is finished if it is complete. */
static bool finished_elsewhere(int directory, char name[static SNAPSHOT_NAME_BYTES])
{
	struct seep_heap_view view;
	struct seep_fault ignored;
	struct heap heap;
	if (!open_heap(&view, directory, false, &ignored))
		return false;
	bool finished = heap_bind(&heap, view.map, view.bytes, &ignored) && finished_name(&heap, directory, name);
	seep_heap_close(&view);
	return finished;
}

bool postmortem_finish(int directory, bool certain, enum seep_trigger trigger, char name[static 32],
		       struct seep_fault *fault)
{
	struct seep_heap_view view;
	bool finished = false;
	name[0] = 0;
	if (open_heap(&view, directory, true, fault)) {
		view.abandoned |= certain;
		finished = finish(&view, directory, trigger, name, fault);
		seep_heap_close(&view);
	} else if (fault->error == EACCES || fault->error == EROFS || fault->error == EPERM) {
		finished = finished_elsewhere(directory, name);
	}
	return finished;
}

bool seep_recording_finish(const char *path, enum seep_trigger trigger, char name[static 32], struct seep_fault *fault)
{
	name[0] = 0;
	int directory = open_recording(path, fault);
	if (directory < 0)
		return false;
	bool finished = postmortem_finish(directory, false, trigger, name, fault);
	system_close(directory);
	return finished;
}
