/* SPDX-License-Identifier: Apache-2.0 */
/* See room.h. */
#include "copy/room.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <seep/process.h>

#include "keeper/base/text.h"
#include "keeper/program/limits.h"

enum { FILE_BYTES = 16384, PART_NEEDED = 4, PART_SHORT = 16 };
#define LEAST_NEEDED (UINT64_C(64) << 20)
#define LEAST_SHORT (UINT64_C(16) << 20)

static bool file_read(const char *path, char *text, size_t size)
{
	FILE *file = fopen(path, "re");
	const size_t length = file ? fread(text, 1, size - 1, file) : 0;

	text[length] = 0;
	if (file)
		fclose(file);
	return length > 0;
}

static uint64_t number_read(const char *directory, const char *name)
{
	char path[LIMITS_PATH_BYTES + 128], text[64];
	uint64_t number = UINT64_MAX;

	snprintf(path, sizeof path, "%s/%s", directory, name);
	return file_read(path, text, sizeof text) && sscanf(text, "%" SCNu64, &number) == 1 ? number : UINT64_MAX;
}

/* What it holds of files the kernel takes back first. */
static uint64_t group_left(const char *directory, bool version1)
{
	char path[LIMITS_PATH_BYTES + 128], text[FILE_BYTES];
	const uint64_t limit = number_read(directory, version1 ? "memory.limit_in_bytes" : "memory.max");
	const uint64_t used = number_read(directory, version1 ? "memory.usage_in_bytes" : "memory.current");
	uint64_t files = 0;

	if (limit == UINT64_MAX || used == UINT64_MAX)
		return UINT64_MAX;
	snprintf(path, sizeof path, "%s/memory.stat", directory);
	if (file_read(path, text, sizeof text))
		text_line_number(text, version1 ? "total_inactive_file" : "inactive_file", &files);
	return used - files < limit ? limit - (used - files) : 0;
}

/* Of the program's group and of those above it. */
static uint64_t groups_left(pid_t pid)
{
	char text[FILE_BYTES], group[LIMITS_PATH_BYTES], path[LIMITS_PATH_BYTES + 64];
	uint64_t least = UINT64_MAX;
	bool version1 = false;

	if (seep_process_read((uint64_t)pid, "cgroup", text, sizeof text) <= 0 ||
	    !limits_group_path(text, "memory", &version1, group, sizeof group))
		return UINT64_MAX;
	for (;;) {
		snprintf(path, sizeof path, "%s%s%s", LIMITS_ROOT, version1 ? "/memory" : "", group);
		const uint64_t left = group_left(path, version1);
		least = left < least ? left : least;
		char *slash = strrchr(group, '/');
		if (!slash || !group[0])
			return least;
		*slash = 0;
	}
}

static uint64_t machine_left(void)
{
	char text[FILE_BYTES];
	uint64_t kilobytes = 0;

	return file_read("/proc/meminfo", text, sizeof text) && text_line_number(text, "MemAvailable:", &kilobytes)
		   ? kilobytes * 1024
		   : UINT64_MAX;
}

static uint64_t part_of(uint64_t bytes, uint64_t part, uint64_t least)
{
	return bytes / part > least ? bytes / part : least;
}

bool room_is_there(struct room *room, pid_t pid, struct error *error)
{
	char status[FILE_BYTES];
	uint64_t kilobytes = 0;

	if (seep_process_read((uint64_t)pid, "status", status, sizeof status) > 0)
		text_line_number(status, "VmRSS:", &kilobytes);
	*room = (struct room){.pid = pid, .rss_bytes = kilobytes * 1024};
	const uint64_t needed = part_of(room->rss_bytes, PART_NEEDED, LEAST_NEEDED);
	const uint64_t machine = machine_left(), groups = groups_left(pid);
	if (machine >= needed && groups >= needed)
		return true;
	return error_set(
	    error, "%d: no room for a copy of its memory: %" PRIu64 " MiB are free %s, and %" PRIu64 " MiB must be",
	    (int)pid, (groups < machine ? groups : machine) >> 20,
	    groups < machine ? "in its control group" : "on this machine", needed >> 20);
}

bool room_is_short(const struct room *room)
{
	const uint64_t needed = part_of(room->rss_bytes, PART_SHORT, LEAST_SHORT);

	return machine_left() < needed || groups_left(room->pid) < needed;
}
