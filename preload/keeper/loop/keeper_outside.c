/* SPDX-License-Identifier: Apache-2.0 */
/* The keeper in another process: seep_keeper_run() and seep_keeper_wake() of <seep/keeper.h>, keeper_run_apart(). */
#include <errno.h>

#include "keeper/base/atomics.h"
#include "keeper/base/fault.h"
#include "keeper/base/syscall.h"
#include "keeper/loop/keeper.h"
#include "keeper/files/heap_open.h"
#include "keeper/program/process.h"
#include "keeper/loop/request.h"

/* Nobody's end waits for this, and on a machine with too much to do the keeper may get no processor, or its disk may have no
 * time, for seconds. One that gives no sign of life for LEASE_SILENCE_NS loses the lease, and we write the snapshot. */
#define LEAVE_NS (2 * LEASE_SILENCE_NS)

/* Does the keeper write to the directory in which the heap file was opened, and not to one that took its name? */
static bool place_is(const struct keeper *keeper, int directory)
{
	struct stat status;
	return system_stat_descriptor(directory, &status) == 0 && status.st_dev == keeper->device &&
	       status.st_ino == keeper->inode;
}

/* Opens a recording and binds a keeper to it. False: nothing is held. */
static bool keeper_open(struct keeper *keeper, struct seep_heap_view *view, const char *directory,
			struct seep_fault *fault)
{
	struct heap heap;
	*view = (struct seep_heap_view){0};
	int place = open_recording(directory, fault);
	if (place < 0)
		return false;
	bool bound = open_heap(view, place, true, fault) && heap_bind(&heap, view->map, view->bytes, fault);
	bool prepared = bound && keeper_prepare(keeper, &heap, directory, false);
	if (prepared && !place_is(keeper, place)) {
		keeper_let_go(keeper);
		prepared = false;
	}
	if (bound && !prepared)
		bound = fault_fill(fault, 0, 0, "the recording's directory cannot be opened");
	system_close(place);
	if (!bound)
		seep_heap_close(view);
	return bound;
}

static void keeper_work(struct keeper *keeper, struct seep_heap_view *view)
{
	keeper_run(keeper);
	keeper_tidy(keeper);
	keeper_let_go(keeper);
	seep_heap_close(view);
}

bool seep_keeper_run(const char *directory, const seep_keeper_leave *leave, const struct seep_keeper_helper *helper,
		     struct seep_fault *fault)
{
	struct seep_heap_view view;
	struct keeper keeper;
	if (!keeper_open(&keeper, &view, directory, fault))
		return false;
	keeper.leave = leave;
	keeper.helper = helper ? *helper : (struct seep_keeper_helper){0};
	keeper_work(&keeper, &view);
	return true;
}

void keeper_run_apart(const char *directory)
{
	struct seep_heap_view view;
	struct keeper keeper;
	struct seep_fault ignored;
	char name[32];
	if (!keeper_open(&keeper, &view, directory, &ignored))
		return;
	const struct seep_heap_header *header = keeper.heap.header;
	keeper.looks = true;
	keeper.program = process_watch(header->pid, header->start_ticks);
	/* a short program has written its last snapshot itself */
	bool late = load_acquire(&header->phase) == SEEP_HEAP_COMPLETE;
	if (late) {
		keeper_let_go(&keeper);
		seep_heap_close(&view);
	} else {
		keeper_work(&keeper, &view);
	}
	if (!late) /* refused if the program is still there, or the snapshot already */
		seep_recording_finish(directory, SEEP_TRIGGER_EXIT, name, &ignored);
}

bool seep_recording_leave(const char *directory, struct seep_fault *fault)
{
	struct seep_heap_view view;
	struct keeper keeper;
	if (!keeper_open(&keeper, &view, directory, fault))
		return false;
	or_relaxed(&keeper.heap.header->status, SEEP_STATUS_LEFT);
	int error = keeper_finish(&keeper, LEAVE_NS);
	keeper_let_go(&keeper);
	seep_heap_close(&view);
	if (error == ETIMEDOUT)
		return fault_fill(fault, 0, 0, "its keeper has not written the last snapshot yet");
	return !error || fault_fill(fault, 0, error, "the last snapshot can't be written");
}

void seep_keeper_wake(const char *directory)
{
	struct seep_heap_view view = {0};
	struct seep_fault fault;
	if (!seep_heap_open(&view, directory, true, &fault))
		return;
	request_wake(view.map);
	seep_heap_close(&view);
}
