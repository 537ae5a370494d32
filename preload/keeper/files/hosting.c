/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes a recording for a process that may not make it itself: see
 * <seep/host.h>. The process may be hostile: its header decides about names and
 * sizes, within the limits that are checked here, and about no file.
 */
#include <errno.h>
#include <string.h>

#include "keeper/base/file.h"
#include "keeper/base/syscall.h"
#include "keeper/files/heap_file.h"
#include "keeper/files/heap_memory.h"
#include "keeper/files/output.h"
#include "keeper/heap/area_growth.h"
#include "keeper/heap/heap.h"
#include "keeper/program/namespace.h"
#include "keeper/program/process.h"

#include <seep/host.h>
#include <seep/process.h>

/* The header must name the process itself: we look at no other one for it. */
static bool header_is_of(const struct seep_heap_header *header, uint64_t peer)
{
	char status[PROCESS_STATUS_BYTES];
	if (!peer || !process_exists(peer, header->start_ticks))
		return false;
	return header->pid == peer ||
	       (namespace_is_foreign(header) && seep_process_read(peer, "status", status, sizeof status) > 0 &&
		namespace_innermost_is(status, header->pid));
}

/* Fills in the fields that a process in another root could not: there may be no /proc. The directory's path is one of
 * our root. */
static void header_complete(struct seep_heap_header *header, uint64_t peer)
{
	char path[48];
	if (!header->start_ticks)
		process_identify(peer, &header->parent_pid, &header->start_ticks);
	if (!header->command[0]) {
		long length = seep_process_read(peer, "comm", header->command, sizeof header->command);
		header->command[length > 0 ? strcspn(header->command, "\n") : 0] = 0;
	}
	if (!header->executable[0]) {
		process_path(path, sizeof path, peer, "exe");
		long length = system_read_link(path, header->executable, sizeof header->executable - 1);
		header->executable[length > 0 ? length : 0] = 0;
	}
	process_boot_id(header->boot_id);
	header->mount_namespace = process_mount_namespace();
}

/* No table may be larger than the largest that we would plan, except the one that max-live sets. */
static bool sizes_are_ours(const struct seep_heap_header *header)
{
	struct seep_heap_header largest = {0};
	bool ours = true;
	area_plan(&largest, 1, 0);
	for (int id = 0; id < SEEP_AREA_COUNT; id++)
		ours &= id == SEEP_AREA_LIVE2 || id == SEEP_AREA_HOMES2 ||
			header->areas[id].capacity <= largest.areas[id].capacity;
	return ours;
}

uint64_t seep_address_space_least(void)
{
	struct seep_heap_header header = {0};
	area_plan(&header, UINT64_MAX, 0);
	while (area_plan_less(&header, 0))
		;
	return AREA_ADDRESS_SPACE_PART * header.file_bytes;
}

static bool header_is_sound(struct seep_heap_header *header)
{
	struct heap heap;
	struct seep_fault ignored;
	header->command[sizeof header->command - 1] = 0;
	header->executable[sizeof header->executable - 1] = 0;
	header->host[sizeof header->host - 1] = 0;
	return heap_bind(&heap, header, header->file_bytes, &ignored) && sizes_are_ours(header);
}

int seep_host_recording(struct seep_heap_header *header, const char *pattern, uint64_t peer, uint64_t memory_most)
{
	char directory[sizeof header->directory];
	struct heap_file made;
	if (!header_is_sound(header) || !header_is_of(header, peer))
		return -EINVAL;
	header_complete(header, peer);
	if (!recording_name(directory, sizeof directory, pattern, header))
		return -ENAMETOOLONG;
	int error = heap_file_make(&made, directory, sizeof directory, output_constant_part(pattern, directory), header,
				   heap_memory_fits(header, 0, memory_most));
	if (error)
		return error;
	system_close(made.directory);
	if (!made.space_error)
		return made.file;
	system_close(made.file);
	seep_host_take_back(header);
	return made.space_error;
}

void seep_host_take_back(const struct seep_heap_header *header)
{
	int directory = file_open(AT_FDCWD, header->directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	if (directory < 0)
		return;
	heap_file_remove(directory, header->directory);
	system_close(directory);
}
