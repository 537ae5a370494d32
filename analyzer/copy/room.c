/* SPDX-License-Identifier: Apache-2.0 */
/* See room.h. */
#include "copy/room.h"

#include <inttypes.h>
#include <stdio.h>

#include <seep/process.h>

#include "keeper/base/text.h"
#include "keeper/program/limits.h"

enum { FILE_BYTES = 16384 };

uint64_t room_needed(uint64_t rss_bytes, enum room_for what)
{
	const uint64_t part = rss_bytes / (what == ROOM_TO_BEGIN ? 4 : 16);
	const uint64_t least = UINT64_C(1048576) * (what == ROOM_TO_BEGIN ? 64 : 16);

	return part > least ? part : least;
}

static uint64_t machine_left(void)
{
	char text[FILE_BYTES];
	uint64_t kilobytes = 0;
	FILE *file = fopen("/proc/meminfo", "re");
	const size_t length = file ? fread(text, 1, sizeof text - 1, file) : 0;

	text[length] = 0;
	if (file)
		fclose(file);
	return text_line_number(text, "MemAvailable:", &kilobytes) ? kilobytes * 1024 : UINT64_MAX;
}

uint64_t room_resident(pid_t pid)
{
	char status[FILE_BYTES];
	uint64_t kilobytes = 0;

	if (seep_process_read((uint64_t)pid, "status", status, sizeof status) > 0)
		text_line_number(status, "VmRSS:", &kilobytes);
	return kilobytes * 1024;
}

bool room_is_there(struct room *room, pid_t pid, struct error *error)
{
	*room = (struct room){.pid = pid, .rss_bytes = room_resident(pid)};
	const uint64_t needed = room_needed(room->rss_bytes, ROOM_TO_BEGIN);
	const uint64_t machine = machine_left(), groups = limits_groups_left((uint64_t)pid, LIMITS_ROOT);
	if (machine >= needed && groups >= needed)
		return true;
	return error_set(
	    error, "%d: no room for a copy of its memory: %" PRIu64 " MiB are free %s, and %" PRIu64 " MiB must be",
	    (int)pid, (groups < machine ? groups : machine) >> 20,
	    groups < machine ? "in its control group" : "on this machine", needed >> 20);
}

bool room_is_short(const struct room *room)
{
	const uint64_t needed = room_needed(room->rss_bytes, ROOM_TO_STAY);

	return machine_left() < needed || limits_groups_left((uint64_t)room->pid, LIMITS_ROOT) < needed;
}
