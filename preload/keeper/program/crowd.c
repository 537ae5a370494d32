/* SPDX-License-Identifier: Apache-2.0 */
/* Limits of the number of processes: see crowd.h. */
#include "keeper/program/crowd.h"

#include <string.h>

#include "keeper/base/file.h"
#include "keeper/base/syscall.h"
#include "keeper/base/text.h"
#include "keeper/program/limits.h"

#define FEW_PROCESSES 512 /* lower limits leave no room for keepers */
#define SHARE 8
#define PATH_BYTES 600

/* "max" is none. */
static bool group_number(const char *path, size_t length, const char *name, uint64_t *number)
{
	char file[PATH_BYTES], line[32];
	const char *at = line;
	struct text text = text_begin(file, sizeof file);
	text_add_bounded(&text, path, length);
	text_add(&text, name);
	return !text.cut && file_read_text(file, line, sizeof line) > 0 && text_take_unsigned(&at, number);
}

static bool level_is_near(const char *path, size_t length)
{
	uint64_t most, now;
	return group_number(path, length, "/pids.max", &most) && group_number(path, length, "/pids.current", &now) &&
	       now >= most / SHARE;
}

/* The same for groups below this directory, of the path that the first file (as /proc/self/cgroup) says. */
static bool crowd_group_is_near(const char *membership, const char *root)
{
	char groups[2048], group[PATH_BYTES / 2], path[PATH_BYTES - 32];
	bool version1, near = false;
	if (file_read_text(membership, groups, sizeof groups) <= 0 ||
	    !limits_group_path(groups, "pids", &version1, group, sizeof group))
		return false;
	struct text text = text_begin(path, sizeof path);
	text_add(&text, root);
	text_add(&text, version1 ? "/pids" : "");
	size_t top = text.length;
	text_add(&text, strcmp(group, "/") == 0 ? "" : group);
	if (text.cut)
		return false;
	for (size_t length = text.length; !near; length--) { /* up to the root, which in a container is its own group */
		if (length == top || path[length] == '/' || !path[length])
			near = level_is_near(path, length);
		if (length == top)
			break;
	}
	return near;
}

/* Root has no such limit. */
static bool user_limit(struct rlimit *limit)
{
	return system_effective_user() != 0 && system_limit(RLIMIT_NPROC, limit) == 0 &&
	       limit->rlim_cur != RLIM_INFINITY;
}

bool crowd_is_near(void)
{
	struct rlimit limit;
	return (user_limit(&limit) && limit.rlim_cur < FEW_PROCESSES) ||
	       crowd_group_is_near("/proc/self/cgroup", "/sys/fs/cgroup");
}

void crowd_lower_limit(void)
{
	struct rlimit limit;
	if (!user_limit(&limit))
		return;
	limit.rlim_cur /= SHARE;
	system_call(SYS_prlimit64, 0, RLIMIT_NPROC, (long)&limit, 0, 0, 0);
}
