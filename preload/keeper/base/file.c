/* SPDX-License-Identifier: Apache-2.0 */
/* Files by raw system calls: see file.h. */
#include "keeper/base/file.h"

#include <errno.h>
#include <unistd.h>

#include "keeper/base/syscall.h"

#define FIRST_DESCRIPTOR 3
#define CHUNK_BYTES ((size_t)1 << 30) /* the kernel moves at most 2 GiB a call */

int file_keep_off_standard(int descriptor)
{
	if (descriptor < 0 || descriptor >= FIRST_DESCRIPTOR)
		return descriptor;
	int high = system_duplicate(descriptor, FIRST_DESCRIPTOR);
	system_close(descriptor);
	return high;
}

int file_open(int directory, const char *path, int flags, int mode)
{
	int descriptor;
	do
		descriptor = system_open_at(directory, path, flags | O_CLOEXEC, mode);
	while (descriptor == -EINTR);
	return file_keep_off_standard(descriptor);
}

long file_read_at(int descriptor, void *data, size_t bytes, uint64_t offset)
{
	size_t done = 0;
	while (done < bytes) {
		size_t chunk = bytes - done < CHUNK_BYTES ? bytes - done : CHUNK_BYTES;
		long got = system_pread(descriptor, (char *)data + done, chunk, offset + done);
		if (got == -EINTR)
			continue;
		if (got < 0)
			return got;
		if (got == 0)
			break;
		done += (size_t)got;
	}
	return (long)done;
}

long file_read_text(const char *path, char *buffer, size_t size)
{
	buffer[0] = 0;
	int descriptor = file_open(AT_FDCWD, path, O_RDONLY, 0);
	if (descriptor < 0)
		return descriptor;
	long got = file_read_at(descriptor, buffer, size - 1, 0);
	system_close(descriptor);
	buffer[got > 0 ? got : 0] = 0;
	return got;
}

long file_write_at(int descriptor, const void *data, size_t bytes, uint64_t offset)
{
	int64_t at = system_seek(descriptor, (int64_t)offset, SEEK_SET);
	return at < 0 ? at : file_write_all(descriptor, data, bytes);
}

long file_write_all(int descriptor, const void *data, size_t bytes)
{
	size_t done = 0;
	while (done < bytes) {
		size_t chunk = bytes - done < CHUNK_BYTES ? bytes - done : CHUNK_BYTES;
		long put = system_write(descriptor, (const char *)data + done, chunk);
		if (put == -EINTR)
			continue;
		if (put <= 0)
			return put ? put : -EIO;
		done += (size_t)put;
	}
	return 0;
}

/* As the kernel writes it: struct linux_dirent64. */
struct entry {
	uint64_t inode;
	int64_t next;
	uint16_t bytes;
	uint8_t type;
	char name[];
};

long file_visit_names(int directory, file_name_visitor *visit, void *context)
{
	_Alignas(8) char buffer[2048];
	long got = system_seek(directory, 0, SEEK_SET);
	if (got < 0)
		return got;
	while ((got = system_list_directory(directory, buffer, sizeof buffer)) > 0) {
		for (long at = 0; at < got;) {
			const struct entry *entry = (const void *)(buffer + at);
			if (!visit(entry->name, entry->type, context))
				return 0;
			at += entry->bytes;
		}
	}
	return got;
}

uint64_t file_size_limit(void)
{
	struct rlimit limit;
	return system_limit(RLIMIT_FSIZE, &limit) == 0 ? limit.rlim_cur : UINT64_MAX;
}

long file_size_check(uint64_t bytes)
{
	return bytes > file_size_limit() ? -EFBIG : 0;
}
