/* SPDX-License-Identifier: Apache-2.0 */
/* A heap file in memory: see heap_memory.h. */
#include "record/heap_memory.h"

#include <errno.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include "base/syscall.h"
#include "base/text.h"
#include "heap/room.h"
#include "record/heap_file.h"

#include <seep/keeper.h>

#define NAMES_TRIED 64
#define SPARE_FACTOR 4 /* free memory asked for, in files */

static bool has_room(const struct statfs *system, uint64_t bytes)
{
	if (system->f_blocks == 0) /* mounted without a limit */
		return true;
	return (uint64_t)system->f_bavail * (uint64_t)system->f_bsize / SPARE_FACTOR >= bytes;
}

bool heap_memory_fits(const struct seep_heap_header *header, uint64_t device, uint64_t most_bytes)
{
	struct stat status;
	struct statfs system;
	if (header->file_bytes > most_bytes || !room_can_populate())
		return false;
	int descriptor = system_open(SEEP_HEAP_MEMORY_DIRECTORY, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
	if (descriptor < 0)
		return false;
	bool fits = system_stat_descriptor(descriptor, &status) == 0 && (device == 0 || status.st_dev == device) &&
		    system_call(SYS_fstatfs, descriptor, (long)&system, 0, 0, 0, 0) == 0 &&
		    system.f_type == TMPFS_MAGIC && has_room(&system, header->file_bytes);
	system_close(descriptor);
	return fits;
}

static void path_make(char *path, size_t size, const struct seep_heap_header *header, uint64_t number)
{
	struct text text = text_begin(path, size);
	text_add(&text, SEEP_HEAP_MEMORY);
	text_add_unsigned(&text, header->pid);
	text_add(&text, ".");
	text_add_unsigned(&text, header->start_ticks);
	text_add(&text, ".");
	text_add_unsigned(&text, number);
}

/* The link first: were the program killed in between, no memory would be left that nobody knows of. */
static int linked_make(int parent, const char *path)
{
	int error = (int)system_call(SYS_symlinkat, (long)path, parent, (long)SEEP_HEAP_NAME, 0, 0, 0);
	if (error)
		return error;
	int file = system_open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (file < 0)
		system_unlink_at(parent, SEEP_HEAP_NAME, 0);
	return file == -EEXIST ? -EAGAIN : file;
}

int heap_memory_make(int parent, const struct seep_heap_header *header)
{
	char path[96];
	int file = -EAGAIN;
	for (uint64_t number = 1; file == -EAGAIN && number <= NAMES_TRIED; number++) {
		path_make(path, sizeof path, header, number);
		file = linked_make(parent, path);
	}
	if (file < 0)
		return file;
	int error = heap_file_reserve(file, header);
	if (!error)
		return file;
	system_close(file);
	system_unlink_at(AT_FDCWD, path, 0);
	system_unlink_at(parent, SEEP_HEAP_NAME, 0);
	return error;
}

void heap_memory_remove(int parent)
{
	char path[96];
	long length =
	    system_call(SYS_readlinkat, parent, (long)SEEP_HEAP_NAME, (long)path, sizeof path - 1, 0, 0);
	if (length > 0) {
		path[length] = 0;
		system_unlink_at(AT_FDCWD, path, 0);
	}
	system_unlink_at(parent, SEEP_HEAP_NAME, 0);
}
