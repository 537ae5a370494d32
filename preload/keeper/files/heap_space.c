/* SPDX-License-Identifier: Apache-2.0 */
/* Space of the heap file: see heap_space.h. */
#include "keeper/files/heap_space.h"

#include <errno.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "keeper/base/syscall.h"

#include <seep/heap.h>

#define PUNCH (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)

#define MEMORY_SHARE 4
#define DISK_SHARE 16
#define DISK_SPARE_MOST (UINT64_C(256) << 20)

bool space_may_take(int descriptor, uint64_t bytes)
{
	struct statfs system;
	if (system_call(SYS_fstatfs, descriptor, (long)&system, 0, 0, 0, 0) != 0 || system.f_blocks == 0)
		return true; /* unknown, or without a limit */
	uint64_t block = (uint64_t)system.f_bsize, free = (uint64_t)system.f_bavail * block;
	if (system.f_type == TMPFS_MAGIC)
		return bytes <= free / MEMORY_SHARE;
	uint64_t spare = (uint64_t)system.f_blocks / DISK_SHARE * block;
	spare = spare < DISK_SPARE_MOST ? spare : DISK_SPARE_MOST;
	return free >= spare && bytes <= free - spare;
}

bool space_page_is_zero(const void *page)
{
	const uint64_t *words = page;
	uint64_t any = 0;
	for (size_t i = 0; i < SEEP_HEAP_PAGE / sizeof *words; i++)
		any |= words[i];
	return any == 0;
}

/* Punches the runs of zero pages in [from, to), which holds data. */
static void zeros_punch(int descriptor, const char *map, uint64_t from, uint64_t to)
{
	uint64_t start = from;
	for (uint64_t at = from; at + SEEP_HEAP_PAGE <= to; at += SEEP_HEAP_PAGE) {
		if (space_page_is_zero(map + at))
			continue;
		if (at > start)
			system_allocate(descriptor, PUNCH, start, at - start);
		start = at + SEEP_HEAP_PAGE;
	}
	if (to > start)
		system_allocate(descriptor, PUNCH, start, to - start);
}

/* SEEK_DATA takes ranges that were reserved and never written for holes, although they take space: they are punched
 * without a look. */
void space_give_back(int descriptor, const void *map, uint64_t map_bytes)
{
	/* the header is used, and is still written to where the keeper itself is in the program */
	uint64_t bytes = map_bytes / SEEP_HEAP_PAGE * SEEP_HEAP_PAGE, at = SEEP_HEAP_AREAS_OFFSET;
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
		zeros_punch(descriptor, map, data, end);
		at = end;
	}
}
