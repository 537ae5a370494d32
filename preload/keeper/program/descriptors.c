/* SPDX-License-Identifier: Apache-2.0 */
/* Leaving the program's descriptors: see descriptors.h. */
#include "keeper/program/descriptors.h"

#include <errno.h>
#include <sys/resource.h>

#include "keeper/base/file.h"
#include "keeper/base/syscall.h"
#include "keeper/base/text.h"

#define UNSHARE (1u << 1) /* CLOSE_RANGE_UNSHARE */
#define ROUNDS 1000

bool descriptors_can_be_left(void)
{
	/* an empty range is refused, by those who know the call; a filter or an old kernel has another answer */
	return system_call(SYS_close_range, 1, 0, 0, 0, 0, 0) == -EINVAL;
}

struct closing {
	int list; /* of descriptors: the only one that stays */
	int closed;
};

static bool descriptor_visit(const char *name, unsigned char type, void *context)
{
	struct closing *closing = context;
	uint64_t descriptor;
	(void)type;
	if (text_take_unsigned(&name, &descriptor) && !*name && descriptor != (uint64_t)closing->list) {
		system_close((int)descriptor);
		closing->closed++;
	}
	return true;
}

/* Closes all descriptors that /proc lists, again until it lists no more, since closing while reading may pass some
 * over. */
static bool list_close(void)
{
	system_close(0); /* room for the list, where the limit is reached */
	struct closing closing = {.list = system_open("/proc/thread-self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)};
	if (closing.list < 0)
		return false;
	long result;
	int rounds = 0;
	do {
		closing.closed = 0;
		result = file_visit_names(closing.list, descriptor_visit, &closing);
	} while (closing.closed && result == 0 && ++rounds < ROUNDS);
	system_close(closing.list);
	return result == 0 && !closing.closed;
}

/* The soft limit may have been lowered below descriptors that are open, so the hard limit counts, or the kernel's
 * own. */
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
