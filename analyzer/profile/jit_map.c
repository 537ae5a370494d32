/* SPDX-License-Identifier: Apache-2.0 */
/* /tmp/perf-PID.map is found by a number, and a number alone does not identify a process: the machine may have been
 * rebooted, or another process may have the number by now. */
#include "profile/profile_private.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <seep/process.h>

#define NANOSECONDS UINT64_C(1000000000)
#define SLACK_NS (2 * NANOSECONDS) /* the most that the map's last byte may be later than the last snapshot */

static bool file_read(const char *path, char *text, size_t size)
{
	int descriptor = open(path, O_RDONLY | O_CLOEXEC);

	if (descriptor < 0)
		return false;
	ssize_t got = read(descriptor, text, size - 1);
	close(descriptor);
	text[got > 0 ? got : 0] = '\0';
	return got > 0;
}

/* A pid means nothing on another machine, or after this one was rebooted. */
static bool recorded_since_this_boot(const struct profile *profile)
{
	struct buffer recorded = {0};
	char text[64];
	size_t digits = 0;

	if (!file_read("/proc/sys/kernel/random/boot_id", text, sizeof text))
		return false;
	buffer_append_hex(&recorded, profile->boot_id, sizeof profile->boot_id);
	for (const char *at = text; *at && digits < recorded.length && (*at == '-' || *at == recorded.data[digits]);
	     at++)
		digits += *at != '-';
	const bool is_same = digits == recorded.length;
	buffer_free(&recorded);
	return is_same;
}

/* When the process that now has the number began, in ticks since boot; 0: there is none. */
static uint64_t start_ticks_now(uint64_t pid)
{
	struct seep_process_stat process;

	return seep_process_stat(pid, &process) ? process.start_ticks : 0;
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now = {0};

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * NANOSECONDS + (uint64_t)now.tv_nsec;
}

/* A time by which the recorded process had ended; 0: it may still run. */
static uint64_t ended_unix_ns(const struct profile *profile)
{
	const bool is_end = profile->trigger == SEEP_TRIGGER_EXIT || profile->trigger == SEEP_TRIGGER_POSTMORTEM;
	const uint64_t ticks = start_ticks_now(profile->pid), hertz = (uint64_t)sysconf(_SC_CLK_TCK);
	uint64_t ended = 0;

	if (profile->start_ticks == 0 || ticks == profile->start_ticks)
		return 0; /* exec ends a process's first recording and begins another one */
	if (is_end && profile->time_ns > profile->start_ns)
		ended = profile->start_unix_ns + (profile->time_ns - profile->start_ns) + SLACK_NS;
	if (ticks) {
		const uint64_t next =
		    clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_BOOTTIME) + ticks * (NANOSECONDS / hertz);
		ended = ended && ended < next ? ended : next;
	}
	return ended;
}

struct perf_map *jit_map_open(const struct profile *profile, struct buffer *said)
{
	struct perf_map_origin origin = {.owner = geteuid(), .started_unix_ns = profile->start_unix_ns};
	struct buffer path = {0};
	struct stat status;

	if (profile->pid == 0)
		return NULL;
	if (!recorded_since_this_boot(profile)) {
		buffer_append_text(said, "not looked for: recorded on another machine, or before this one was "
					 "rebooted");
		return NULL;
	}
	if (profile->source && stat(profile->source, &status) == 0)
		origin.owner = status.st_uid;
	origin.ended_unix_ns = ended_unix_ns(profile);
	buffer_printf(&path, "/tmp/perf-%" PRIu64 ".map", profile->pid);
	struct perf_map *map = perf_map_open(path.data, &origin, said);
	if (map)
		buffer_append_text(said, path.data);
	buffer_free(&path);
	return map;
}

const char *jit_map_find(const struct perf_map *map, uint64_t address, bool exact, struct string_pool *strings)
{
	return map ? perf_map_find(map, address - (exact || !address ? 0 : 1), strings) : NULL;
}
