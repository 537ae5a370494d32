/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last snapshot of a recording whose program has ended, however it ended.
 *
 * The ring is not folded here but added to the snapshot's copies, so a death
 * between building and writing changes nothing, and doing it again gives the
 * same. Who holds the lease does it; others wait and find it done: phase
 * COMPLETE is stored after the snapshot has its name.
 *
 * Afterwards the disk space that the heap file had reserved and never used is
 * given back: ranges without a byte other than zero become holes, which read
 * the same.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/atomics.h"
#include "base/fault.h"
#include "base/file.h"
#include "base/syscall.h"
#include "keeper/directory.h"
#include "keeper/lease.h"
#include "keeper/open.h"
#include "keeper/process.h"
#include "keeper/take.h"
#include "keeper/write.h"

#define WAIT_NS UINT64_C(30000000000) /* for another finisher */
#define LOOK_NS 10000000
#define PUNCH (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)

static bool page_is_zero(const uint64_t *page)
{
	uint64_t any = 0;
	for (size_t i = 0; i < SEEP_HEAP_PAGE / sizeof *page; i++)
		any |= page[i];
	return any == 0;
}

/* Punches the runs of zero pages in [from, to), which holds data. */
static void zeros_punch(int descriptor, const char *map, uint64_t from, uint64_t to)
{
	uint64_t start = from;
	for (uint64_t at = from; at + SEEP_HEAP_PAGE <= to; at += SEEP_HEAP_PAGE) {
		if (page_is_zero((const uint64_t *)(const void *)(map + at)))
			continue;
		if (at > start)
			system_allocate(descriptor, PUNCH, start, at - start);
		start = at + SEEP_HEAP_PAGE;
	}
	if (to > start)
		system_allocate(descriptor, PUNCH, start, to - start);
}

/* Reserved and never written ranges are holes to SEEK_DATA, though they take space: punched unseen. */
static void space_give_back(int directory, const struct seep_heap_view *view)
{
	int descriptor = file_open(directory, SEEP_HEAP_NAME, O_RDWR | O_NOFOLLOW | O_NONBLOCK, 0);
	if (descriptor < 0)
		return;
	uint64_t bytes = view->bytes / SEEP_HEAP_PAGE * SEEP_HEAP_PAGE, at = 0;
	while (at < bytes) {
		int64_t from = system_seek(descriptor, (int64_t)at, SEEK_DATA);
		if (from == -ENXIO)
			from = (int64_t)bytes;
		else if (from < (int64_t)at)
			break;
		uint64_t data = (uint64_t)from / SEEP_HEAP_PAGE * SEEP_HEAP_PAGE;
		data = data < bytes ? data : bytes;
		if (data > at && system_allocate(descriptor, PUNCH, at, data - at) != 0)
			break;
		if (data == bytes)
			break;
		int64_t to = system_seek(descriptor, from, SEEK_HOLE);
		uint64_t end =
		    to > from ? ((uint64_t)to + SEEP_HEAP_PAGE - 1) / SEEP_HEAP_PAGE * SEEP_HEAP_PAGE : bytes;
		end = end < bytes ? end : bytes;
		zeros_punch(descriptor, view->map, data, end);
		at = end;
	}
	system_close(descriptor);
}

/* Is the last snapshot there already? Then its name. */
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
	if (!snapshot_take(heap, directory, &options, true, &number, fault))
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
	if (process_alive(heap.header))
		return fault_fill(fault, 0, EBUSY, "the program is still running");
	if (!lease_await(&heap, &lease))
		return fault_fill(fault, 0, EBUSY, "another process is finishing this recording");
	bool finished = finished_name(&heap, directory, name) || finish_leased(&heap, directory, trigger, name, fault);
	/* in another pid namespace "it has ended" is a conclusion from silence: then its space stays */
	uint64_t namespace = load_relaxed(&heap.header->pid_namespace);
	if (finished && (namespace == 0 || namespace == process_namespace()))
		space_give_back(directory, view);
	lease_give_back(&heap, &lease);
	return finished;
}

/* A recording that may only be read needs nothing more if it is complete. */
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

bool seep_recording_finish(const char *path, enum seep_trigger trigger, char name[static 32], struct seep_fault *fault)
{
	struct seep_heap_view view;
	name[0] = 0;
	int directory = open_recording(path, fault);
	if (directory < 0)
		return false;
	bool finished = false;
	if (open_heap(&view, directory, true, fault)) {
		finished = finish(&view, directory, trigger, name, fault);
		seep_heap_close(&view);
	} else if (fault->error == EACCES || fault->error == EROFS || fault->error == EPERM) {
		finished = finished_elsewhere(directory, name);
	}
	system_close(directory);
	return finished;
}
