/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening a heap file that may be damaged, foreign, or still in use.
 *
 * seep reads and checks the header before it maps anything. A living program's
 * file, and one that is to be written, is mapped. A dead program's file that is
 * only read is copied instead, data ranges alone (most of it is reserved and never
 * written): so a file that is truncated meanwhile cannot raise SIGBUS. A living
 * program's file of another user is copied, too: that user could change what we
 * have checked.
 */
#include "keeper/files/heap_open.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "keeper/base/atomics.h"
#include "keeper/base/fault.h"
#include "keeper/base/file.h"
#include "keeper/base/syscall.h"
#include "keeper/heap/heap.h"
#include "keeper/program/owner.h"
#include "keeper/image/snapshot_writer.h"
#include "keeper/program/lease.h"
#include "keeper/files/life.h"
#include "keeper/files/heap_location.h"
#include "keeper/program/process.h"

int open_recording(const char *directory, struct seep_fault *fault)
{
	int descriptor = file_open(AT_FDCWD, directory, O_RDONLY | O_DIRECTORY, 0);
	if (descriptor >= 0)
		return descriptor;
	const char *text = "can't open the recording directory";
	if (descriptor == -ENOENT)
		text = "no such recording directory";
	if (descriptor == -ENOTDIR)
		text = "not a recording directory";
	fault_fill(fault, 0, descriptor, text);
	return -1;
}

static const char *open_text(int error)
{
	switch (-error) {
	case ENOENT:
		return "no heap file in this directory";
	case ELOOP:
		return "the heap file is a symbolic link to somewhere else";
	case ENXIO:
		return "the heap file lay in memory that is gone (a restart, or another container)";
	default:
		return "can't open the heap file";
	}
}

/* All checks that need no mapping. Fills header, whose areas then lie inside header->file_bytes. */
static bool header_check(int descriptor, struct seep_heap_header *header, bool *is_ours, struct seep_fault *fault)
{
	struct stat status = {0};
	struct heap heap;
	long error = system_stat_descriptor(descriptor, &status);
	*is_ours = status.st_uid == system_effective_user();
	if (error)
		return fault_fill(fault, 0, error, "can't examine the heap file");
	if (!S_ISREG(status.st_mode))
		return fault_fill(fault, 0, 0, "the heap file is not a regular file");
	long got = file_read_at(descriptor, header, sizeof *header, 0);
	if (got < 0)
		return fault_fill(fault, 0, got, "can't read the heap file");
	if (got == 0)
		return fault_fill(fault, 0, 0, "the heap file is empty");
	if (got < (long)sizeof *header)
		return fault_fill(fault, (uint64_t)got, 0, "the heap file is cut off in its header");
	/* bound to the copy: its checks look at the header alone */
	if (!heap_bind(&heap, header, (size_t)status.st_size, fault))
		return false;
	if (load_relaxed(&header->phase) == SEEP_HEAP_BUILDING)
		return fault_fill(fault, 0, 0, "the recording never began: no sample was taken");
	return true;
}

static bool range_copy(int descriptor, char *copy, uint64_t from, uint64_t to, struct seep_fault *fault)
{
	long got = file_read_at(descriptor, copy + from, to - from, from);
	if (got < 0)
		return fault_fill(fault, from, got, "can't read the heap file");
	if ((uint64_t)got < to - from)
		return fault_fill(fault, from + (uint64_t)got, 0, "the heap file was cut off while it was read");
	return true;
}

/* Ranges that were never written read as zeros, in the copy as in the file. */
static bool ranges_copy(int descriptor, char *copy, uint64_t bytes, struct seep_fault *fault)
{
	for (uint64_t at = 0; at < bytes;) {
		int64_t from = system_seek(descriptor, (int64_t)at, SEEK_DATA);
		if (from == -ENXIO)
			return true;
		if (from < (int64_t)at) /* a filesystem that does not tell */
			return range_copy(descriptor, copy, at, bytes, fault);
		int64_t to = system_seek(descriptor, from, SEEK_HOLE);
		if (to <= from || (uint64_t)to > bytes)
			to = (int64_t)bytes;
		if ((uint64_t)from >= bytes)
			return true;
		if (!range_copy(descriptor, copy, (uint64_t)from, (uint64_t)to, fault))
			return false;
		at = (uint64_t)to;
	}
	return true;
}

static bool file_copy(struct seep_heap_view *view, int descriptor, uint64_t bytes, struct seep_fault *fault)
{
	/* shared, which a limit of data does not count: most of it is a hole */
	char *copy = system_map(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (system_failed(copy))
		return fault_fill(fault, 0, ENOMEM, "no memory for a copy of the heap file");
	if (!ranges_copy(descriptor, copy, bytes, fault)) {
		system_unmap(copy, bytes);
		return false;
	}
	*view = (struct seep_heap_view){.map = copy, .bytes = bytes};
	return true;
}

static bool file_map(struct seep_heap_view *view, int descriptor, uint64_t bytes, bool writable,
		     struct seep_fault *fault)
{
	void *map = system_map(NULL, bytes, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, descriptor, 0);
	if (system_failed(map))
		return fault_fill(fault, 0, (long)map, "can't map the heap file");
	system_advise(map, bytes, MADV_RANDOM); /* read-ahead would fill memory with pages that were never written */
	*view = (struct seep_heap_view){.map = map, .bytes = bytes, .writable = writable};
	return true;
}

static bool is_complete(int descriptor)
{
	uint32_t phase = 0;
	return file_read_at(descriptor, &phase, sizeof phase, offsetof(struct seep_heap_header, phase)) ==
		   sizeof phase &&
	       phase == SEEP_HEAP_COMPLETE;
}

/* Copies the file of a program that has ended. While another process finishes the recording, it gives the file's space
 * back, which tears a copy: then the file, complete by now, is copied again. */
static bool settled_copy(struct seep_heap_view *view, int descriptor, const struct seep_heap_header *header,
			 struct seep_fault *fault)
{
	if (!file_copy(view, descriptor, header->file_bytes, fault))
		return false;
	if (load_relaxed(&header->phase) == SEEP_HEAP_COMPLETE || !is_complete(descriptor))
		return true;
	seep_heap_close(view);
	return file_copy(view, descriptor, header->file_bytes, fault);
}

bool open_heap(struct seep_heap_view *view, int directory, bool writable, struct seep_fault *fault)
{
	struct seep_heap_header header;
	struct heap heap;
	*view = (struct seep_heap_view){0};
	struct heap_location location;
	int descriptor = location_open(directory, writable ? O_RDWR : O_RDONLY, &location);
	if (descriptor < 0)
		return fault_fill(fault, 0, descriptor, open_text(descriptor));
	bool is_ours, opened = header_check(descriptor, &header, &is_ours, fault);
	if (opened) {
		opened = writable || (is_ours && owner_is_alive(&header))
			     ? file_map(view, descriptor, header.file_bytes, writable, fault)
			     : settled_copy(view, descriptor, &header, fault);
		view->abandoned = opened && location.path[0] && header.held && life_is_unheld(descriptor);
	}
	system_close(descriptor);
	/* it may have changed since the header was read */
	if (opened && !heap_bind(&heap, view->map, view->bytes, fault)) {
		seep_heap_close(view);
		return false;
	}
	return opened;
}

bool seep_heap_open(struct seep_heap_view *view, const char *directory, bool writable, struct seep_fault *fault)
{
	*view = (struct seep_heap_view){0};
	int descriptor = open_recording(directory, fault);
	if (descriptor < 0)
		return false;
	bool opened = open_heap(view, descriptor, writable, fault);
	system_close(descriptor);
	return opened;
}

bool seep_heap_is_complete(const char *directory)
{
	struct seep_heap_header header = {.phase = SEEP_HEAP_BUILDING};
	struct seep_fault ignored;
	bool is_ours;
	int place = open_recording(directory, &ignored);
	int descriptor = place < 0 ? place : location_open(place, O_RDONLY, NULL);
	bool complete = descriptor >= 0 && header_check(descriptor, &header, &is_ours, &ignored) &&
			load_relaxed(&header.phase) == SEEP_HEAP_COMPLETE;
	if (descriptor >= 0)
		system_close(descriptor);
	if (place >= 0)
		system_close(place);
	return complete;
}

void seep_heap_close(struct seep_heap_view *view)
{
	if (view->map)
		system_unmap(view->map, view->bytes);
	*view = (struct seep_heap_view){0};
}

void seep_heap_state(const struct seep_heap_view *view, struct seep_heap_state *state)
{
	const struct seep_heap_header *header = view->map;
	*state = (struct seep_heap_state){.pid = header->pid,
					  .start_ticks = header->start_ticks,
					  .next_number = load_relaxed(&header->next_number),
					  .keeper_pid = lease_is_live(header) ? lease_holder(header) : 0,
					  .complete = load_acquire(&header->phase) == SEEP_HEAP_COMPLETE,
					  .status = load_relaxed(&header->status)};
	memcpy(state->boot_id, header->boot_id, sizeof state->boot_id);
}

bool seep_heap_alive(const struct seep_heap_view *view)
{
	const struct seep_heap_header *header = view->map;
	return load_acquire(&header->phase) != SEEP_HEAP_COMPLETE && life_goes_on(header, view->abandoned);
}
