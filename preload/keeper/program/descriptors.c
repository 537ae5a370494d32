/* SPDX-License-Identifier: Apache-2.0 */
/* Leaving the program's descriptors: see descriptors.h. */
#include "keeper/program/descriptors.h"

#include <errno.h>
#include <sys/resource.h>

#include "keeper/base/syscall.h"
#include "keeper/base/text.h"

#define UNSHARE (1u << 1) /* CLOSE_RANGE_UNSHARE */
#define ROUNDS 1000

/* As the kernel writes it: struct linux_dirent64. */
struct entry {
	uint64_t inode;
	int64_t next;
	uint16_t bytes;
	uint8_t type;
	char name[];
};

bool descriptors_can_be_left(void)
{
	/* an empty range is refused, by those who know the call; a filter or an old kernel has another answer */
	return system_call(SYS_close_range, 1, 0, 0, 0, 0, 0) == -EINVAL;
}

/* Closes what a piece of the list names but the list itself. How many that were. */
static int listed_close(const char *buffer, long bytes, int list)
{
	int closed = 0;
	for (long at = 0; at < bytes;) {
		const struct entry *entry = (const void *)(buffer + at);
		const char *name = entry->name;
		uint64_t descriptor;
		if (text_take_unsigned(&name, &descriptor) && !*name && descriptor != (uint64_t)list) {
			system_close((int)descriptor);
			closed++;
		}
		at += entry->bytes;
	}
	return closed;
}

/* What /proc lists, until it lists nothing more: closing while reading may pass some over. */
static bool list_close(void)
{
	_Alignas(8) char buffer[1024];
	system_close(0); /* room for the list, where the limit is reached */
	int list = system_open("/proc/thread-self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	if (list < 0)
		return false;
	int closed = 1, rounds = 0;
	long got = 0;
	while (closed && got >= 0 && rounds++ < ROUNDS) {
		closed = 0;
		system_seek(list, 0, 0);
		while ((got = system_list_directory(list, buffer, sizeof buffer)) > 0)
			closed += listed_close(buffer, got, list);
	}
	system_close(list);
	return got == 0 && !closed;
}

/* The soft limit may have been lowered below what is open: the hard one, or what the kernel allows anybody. */
static bool all_close(void)
{
	struct rlimit limit;
	if (system_limit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_max > 1 << 20)
		return false;
	for (int descriptor = 0; descriptor < (int)limit.rlim_max; descriptor++)
		system_close(descriptor);
	return true;
}

bool descriptors_leave(bool shared)
{
	if (shared)
		return system_call(SYS_close_range, 0, ~0u, UNSHARE, 0, 0, 0) == 0;
	return system_call(SYS_close_range, 0, ~0u, 0, 0, 0, 0) == 0 || list_close() || all_close();
}
