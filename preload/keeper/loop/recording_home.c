/* SPDX-License-Identifier: Apache-2.0 */
/* A recording's directory and heap file, as its keeper needs them: see keeper_private.h. */
#include "keeper/loop/keeper_private.h"

#include <errno.h>

#include "keeper/base/atomics.h"
#include "keeper/base/clock.h"
#include "keeper/base/file.h"
#include "keeper/base/syscall.h"
#include "keeper/heap/area_growth.h"
#include "keeper/files/life.h"
#include "keeper/files/heap_space.h"

#define SPACE_PAUSE_NS UINT64_C(10000000000)

bool home_hold(struct keeper *keeper)
{
	struct stat status;
	keeper->home = file_open(AT_FDCWD, keeper->directory, O_RDONLY | O_DIRECTORY, 0);
	if (keeper->home < 0)
		return false;
	keeper->file = location_open(keeper->home, O_RDWR, &keeper->location);
	if (keeper->file >= 0 && keeper->location.path[0] && system_stat_descriptor(keeper->file, &status) == 0) {
		keeper->location_inode = status.st_ino;
		return !keeper->heap.header->held || life_hold(keeper->file);
	}
	keeper_let_go(keeper);
	return true;
}

void keeper_let_go(struct keeper *keeper)
{
	if (keeper->file >= 0)
		system_close(keeper->file);
	if (keeper->home >= 0)
		system_close(keeper->home);
	keeper->file = keeper->home = -1;
}

int home_open(const struct keeper *keeper)
{
	struct stat status;
	int descriptor = file_open(AT_FDCWD, keeper->directory, O_RDONLY | O_DIRECTORY, 0);
	if (descriptor < 0)
		return descriptor;
	int error = system_stat_descriptor(descriptor, &status);
	if (error == 0 && status.st_dev == keeper->device && status.st_ino == keeper->inode)
		return descriptor;
	system_close(descriptor);
	return error ? error : -ESTALE;
}

/* The heap file for writing; it is closed by file_leave(). A descriptor, or -errno. */
static int file_enter(const struct keeper *keeper)
{
	if (keeper->file >= 0)
		return keeper->file;
	int directory = home_open(keeper);
	if (directory < 0)
		return directory;
	int file = location_open(directory, O_RDWR, NULL);
	system_close(directory);
	return file;
}

static void file_leave(const struct keeper *keeper, int file)
{
	if (file >= 0 && file != keeper->file)
		system_close(file);
}

bool home_reserve(const struct heap *heap, uint64_t offset, uint64_t bytes, void *context)
{
	struct keeper *keeper = context;
	uint64_t now_ns = clock_read_ns(CLOCK_MONOTONIC);
	if (now_ns < keeper->space_ns)
		return false;
	int file = file_enter(keeper), error = file;
	if (file >= 0)
		error = space_may_take(file, bytes) ? system_allocate(file, 0, offset, bytes) : -ENOSPC;
	file_leave(keeper, file);
	/* a recording that was removed goes on in its mapping */
	bool reserved =
	    error == 0 || ((error == -ENOENT || error == -ESTALE) && area_populate(heap, offset, bytes, NULL));
	if (!reserved)
		keeper->space_ns = now_ns + SPACE_PAUSE_NS;
	return reserved;
}

void home_look(const struct keeper *keeper)
{
	struct seep_heap_header *header = keeper->heap.header;
	struct stat status;
	if (!load_relaxed(&header->may_grow))
		return;
	int file = file_enter(keeper);
	if (file >= 0 && system_stat_descriptor(file, &status) == 0) {
		uint64_t taken = (uint64_t)status.st_blocks * 512;
		uint64_t left = header->file_bytes > taken ? header->file_bytes - taken : 0;
		uint64_t allowed = left < AREA_ALLOWANCE_BYTES ? left : AREA_ALLOWANCE_BYTES;
		while (allowed && !space_may_take(file, allowed))
			allowed /= 2;
		area_allow(&keeper->heap, allowed);
	}
	file_leave(keeper, file);
}

/* Is the file's name still there? systemd removes it at a logout, and other cleaners may. */
static bool location_is_there(const struct keeper *keeper)
{
	struct stat status;
	int descriptor = file_open(AT_FDCWD, keeper->location.path, O_PATH | O_NOFOLLOW, 0);
	if (descriptor < 0)
		return false;
	int error = system_stat_descriptor(descriptor, &status);
	system_close(descriptor);
	return error == 0 && status.st_ino == keeper->location_inode;
}

void home_rescue(const struct keeper *keeper)
{
	if (!location_is_there(keeper))
		location_move(keeper->home, keeper->file, &keeper->location, keeper->heap.header, keeper->heap.bytes);
}

bool home_is_removed(const struct keeper *keeper)
{
	struct stat status;
	return system_stat_descriptor(keeper->home, &status) != 0 || status.st_nlink == 0;
}
