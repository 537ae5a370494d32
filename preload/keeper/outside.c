/* SPDX-License-Identifier: Apache-2.0 */
/* The keeper in a process of its own: seep_keeper_run() and seep_keeper_wake() of <seep/keeper.h>. */
#include "base/fault.h"
#include "base/syscall.h"
#include "keeper/keeper.h"
#include "keeper/open.h"
#include "keeper/request.h"

/* Does the keeper write to the directory in which the heap file was opened, and not to one that took its name? */
static bool place_is(const struct keeper *keeper, int directory)
{
	struct stat status;
	return system_stat_descriptor(directory, &status) == 0 && status.st_dev == keeper->device &&
	       status.st_ino == keeper->inode;
}

bool seep_keeper_run(const char *directory, const seep_keeper_leave *leave, struct seep_fault *fault)
{
	struct seep_heap_view view = {0};
	struct keeper keeper;
	int place = open_recording(directory, fault);
	if (place < 0)
		return false;
	struct heap heap;
	bool bound = open_heap(&view, place, true, fault) && heap_bind(&heap, view.map, view.bytes, fault);
	bool prepared = bound && keeper_prepare(&keeper, &heap, directory, false);
	if (prepared && !place_is(&keeper, place)) {
		keeper_let_go(&keeper);
		prepared = false;
	}
	if (bound && !prepared)
		bound = fault_fill(fault, 0, 0, "the recording's directory cannot be opened");
	system_close(place);
	if (bound) {
		keeper.leave = leave;
		keeper_run(&keeper);
		keeper_tidy(&keeper);
		keeper_let_go(&keeper);
	}
	seep_heap_close(&view);
	return bound;
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
