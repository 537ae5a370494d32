/* SPDX-License-Identifier: Apache-2.0 */
/* Where a heap file lies: see heap_location.h. */
#include "keeper/files/heap_location.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "keeper/base/atomics.h"
#include "keeper/base/file.h"
#include "keeper/base/quiet_write.h"
#include "keeper/base/syscall.h"
#include "keeper/program/process.h"
#include "keeper/files/heap_space.h"
#include "keeper/snapshot/write.h"

#include <seep/heap.h>
#include <seep/keeper.h>

/* Is the path one of ours: the prefix, with no directory behind it? */
static bool path_is_memory(const char *path)
{
	size_t prefix = strlen(SEEP_HEAP_MEMORY);
	return strncmp(path, SEEP_HEAP_MEMORY, prefix) == 0 && path[prefix] && !strchr(path + prefix, '/');
}

/* 0, or why it is not to be trusted. */
static int memory_check(int directory, int descriptor)
{
	struct stat owner, status;
	int error = system_stat_descriptor(directory, &owner);
	if (!error)
		error = system_stat_descriptor(descriptor, &status);
	if (error)
		return error;
	return S_ISREG(status.st_mode) && status.st_nlink == 1 && status.st_uid == owner.st_uid ? 0 : -ELOOP;
}

int location_open(int directory, int flags, struct heap_location *location)
{
	char path[LOCATION_PATH_BYTES];
	if (location)
		location->path[0] = 0;
	int descriptor = file_open(directory, SEEP_HEAP_NAME, flags | O_NOFOLLOW | O_NONBLOCK, 0);
	if (descriptor != -ELOOP)
		return descriptor;
	long length = system_call(SYS_readlinkat, directory, (long)SEEP_HEAP_NAME, (long)path, sizeof path, 0, 0);
	if (length <= 0 || length >= (long)sizeof path)
		return -ELOOP;
	path[length] = 0;
	if (!path_is_memory(path))
		return -ELOOP;
	descriptor = file_open(AT_FDCWD, path, flags | O_NOFOLLOW | O_NONBLOCK, 0);
	if (descriptor < 0)
		return descriptor == -ENOENT ? -ENXIO : descriptor;
	int error = memory_check(directory, descriptor);
	if (error) {
		system_close(descriptor);
		return error;
	}
	if (location)
		memcpy(location->path, path, (size_t)length + 1);
	return descriptor;
}

/* Copies the range [from, to) of the file, but for pages of zeros. */
static long pages_copy(int to_file, const char *map, uint64_t from, uint64_t to)
{
	long error = 0;
	for (uint64_t at = from, end; at < to && !error; at = end) {
		bool zero = space_page_is_zero(map + at);
		for (end = at + SEEP_HEAP_PAGE; end < to && space_page_is_zero(map + end) == zero;)
			end += SEEP_HEAP_PAGE;
		if (!zero)
			error = file_write_at(to_file, map + at, end - at, at);
	}
	return error;
}

static long content_copy(int to_file, int from_file, const char *map, uint64_t bytes)
{
	long error = file_size_check(bytes);
	if (!error)
		error = system_truncate(to_file, bytes);
	for (uint64_t at = 0; at < bytes && !error;) {
		int64_t from = system_seek(from_file, (int64_t)at, SEEK_DATA);
		if (from == -ENXIO)
			break;
		int64_t to = from < (int64_t)at ? -EIO : system_seek(from_file, from, SEEK_HOLE);
		if (to <= from)
			return -EIO;
		at = (uint64_t)to < bytes ? (uint64_t)to : bytes;
		error = pages_copy(to_file, map, (uint64_t)from, at);
	}
	/* the caller holds the lease of the original; the copy begins without one */
	uint64_t nobody = 0;
	return error ? error : file_write_at(to_file, &nobody, sizeof nobody, offsetof(struct seep_heap_header, lease));
}

void location_forget(const struct heap_location *location, uint64_t inode)
{
	struct stat status;
	int descriptor = location->path[0] ? file_open(AT_FDCWD, location->path, O_PATH | O_NOFOLLOW, 0) : -ENOENT;
	if (descriptor < 0)
		return;
	if (system_stat_descriptor(descriptor, &status) == 0 && status.st_ino == inode)
		system_unlink_at(AT_FDCWD, location->path, 0);
	system_close(descriptor);
}

long location_move(int directory, int from_file, const struct heap_location *location, const void *map, uint64_t bytes)
{
	char temporary[WRITE_TEMPORARY_BYTES];
	struct stat status = {0};
	write_temporary_name(temporary);
	int file = file_open(directory, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
	if (file < 0)
		return file;
	system_change_mode(file, 0600); /* whatever the umask */
	struct quiet_write quiet = quiet_write_enter();
	long error = content_copy(file, from_file, map, bytes);
	quiet_write_leave(&quiet);
	if (!error)
		error = system_stat_descriptor(from_file, &status);
	if (!error) /* the program's user, if that is another */
		system_call(SYS_fchown, file, status.st_uid, status.st_gid, 0, 0, 0);
	system_close(file);
	if (!error)
		error = system_rename_at(directory, temporary, directory, SEEP_HEAP_NAME, 0);
	if (error)
		system_unlink_at(directory, temporary, 0);
	else
		location_forget(location, status.st_ino);
	return error;
}

/* By a thread of the program's that was recording a sample when seep left it: nobody has stopped that. */
static bool may_be_written(const struct seep_heap_header *header)
{
	return (load_relaxed(&header->status) & (SEEP_STATUS_LEFT | SEEP_STATUS_JOINED)) == SEEP_STATUS_LEFT;
}

void location_settle(int directory, const void *map, uint64_t map_bytes)
{
	struct heap_location location;
	int descriptor = location_open(directory, O_RDWR, &location);
	if (descriptor < 0)
		return;
	if (location.path[0])
		location_move(directory, descriptor, &location, map, map_bytes / SEEP_HEAP_PAGE * SEEP_HEAP_PAGE);
	else if (!may_be_written(map))
		space_give_back(descriptor, map, map_bytes);
	system_close(descriptor);
}

bool seep_heap_recording_of(const char *heap, char *directory, size_t size)
{
	struct seep_heap_header header;
	int descriptor = file_open(AT_FDCWD, heap, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
	if (descriptor < 0)
		return false;
	bool read = file_read_at(descriptor, &header, sizeof header, 0) == (long)sizeof header;
	system_close(descriptor);
	if (!read || memcmp(header.magic, SEEP_HEAP_MAGIC, sizeof header.magic) != 0 ||
	    header.version != SEEP_HEAP_VERSION || header.directory[0] != '/')
		return false;
	size_t length = strnlen(header.directory, sizeof header.directory);
	if (length >= size || length == sizeof header.directory)
		return false;
	memcpy(directory, header.directory, length + 1);
	return true;
}
