/* SPDX-License-Identifier: Apache-2.0 */
/* Reads perf maps; see perf_map.h. Everybody may write to /tmp, so it matters whose file it is. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <seep/process.h>
#include <seep/search.h>

#include "base/memory.h"
#include "keeper/program/process.h"
#include "symbols/perf_map.h"
#include "work/clock.h"

enum { NAME_LIMIT = 4096 };
#define MAP_BYTES_MAX ((size_t)256 << 20)
#define NANOSECONDS UINT64_C(1000000000)
#define SLACK_NS (2 * NANOSECONDS) /* the most that the map's last byte may be later than the last snapshot */

struct jitted {
	uint64_t start, end;
	const char *name;
	size_t length;
};

/* A range of addresses, and the last code that was compiled there. */
struct piece {
	uint64_t start, end;
	size_t code;
};

struct perf_map {
	char *text;
	struct jitted *codes; /* in the order of their lines */
	size_t count, capacity;
	struct piece *pieces; /* in ascending order, without overlaps */
	size_t piece_count, piece_capacity;
};

/* What is wrong with the file; NULL: nothing. */
static const char *origin_fault(const struct stat *status, const struct perf_map_origin *origin)
{
	const uint64_t written_s = (uint64_t)status->st_mtim.tv_sec;

	if (!S_ISREG(status->st_mode))
		return "is not a regular file";
	if (status->st_uid != origin->owner && status->st_uid != geteuid() && status->st_uid != 0)
		return "was not taken: it belongs to another user";
	if (written_s < origin->started_unix_ns / NANOSECONDS)
		return "was not taken: it is older than the process";
	if (origin->ended_unix_ns && written_s > origin->ended_unix_ns / NANOSECONDS)
		return "was not taken: it was written to after the process had ended";
	return NULL;
}

/* Opens the file without following a link or waiting for a pipe; -1 if it is not what it should be. */
static int perf_map_open_file(const char *path, const struct perf_map_origin *origin, size_t *bytes,
			      struct buffer *reason)
{
	struct stat status;
	int descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (descriptor < 0 || fstat(descriptor, &status) < 0) {
		buffer_printf(reason, "%s: %s", path, errno == ELOOP ? "is a symbolic link" : strerror(errno));
		return -1;
	}
	const char *fault = origin_fault(&status, origin);
	if (!fault) {
		*bytes = (uint64_t)status.st_size < MAP_BYTES_MAX ? (size_t)status.st_size : MAP_BYTES_MAX;
		return descriptor;
	}
	buffer_printf(reason, "%s %s", path, fault);
	close(descriptor);
	return -1;
}

static size_t read_all(int descriptor, char *text, size_t bytes)
{
	size_t have = 0;

	while (have < bytes) {
		ssize_t got = read(descriptor, text + have, bytes - have);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		have += (size_t)got;
	}
	return have;
}

/* Takes one line, NUL-terminated. A line of another form is skipped. */
static void perf_map_add_line(struct perf_map *map, char *line)
{
	char *after;

	errno = 0;
	uint64_t start = strtoull(line, &after, 16);
	if (after == line || *after != ' ' || errno)
		return;
	char *size_text = after + 1;
	uint64_t size = strtoull(size_text, &after, 16);
	if (after == size_text || *after != ' ' || errno || size == 0 || start + size < start)
		return;
	ARRAY_RESERVE(map->codes, map->count, map->capacity);
	map->codes[map->count++] = (struct jitted){
	    .start = start, .end = start + size, .name = after + 1, .length = strnlen(after + 1, NAME_LIMIT + 1)};
}

/* Codes by where they start. */
struct start {
	uint64_t address;
	size_t code;
};

static int start_compare(const void *left, const void *right)
{
	const struct start *a = left, *b = right;

	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	return (a->code > b->code) - (a->code < b->code);
}

/* A heap of codes; the one with the last line is on top. */
static void heap_push(size_t *heap, size_t *count, size_t code)
{
	size_t at = (*count)++;

	for (; at > 0 && heap[(at - 1) / 2] < code; at = (at - 1) / 2)
		heap[at] = heap[(at - 1) / 2];
	heap[at] = code;
}

static void heap_pop(size_t *heap, size_t *count)
{
	const size_t moved = heap[--*count];
	size_t at = 0;

	for (size_t child = 1; child < *count; child = 2 * at + 1) {
		if (child + 1 < *count && heap[child + 1] > heap[child])
			child++;
		if (heap[child] <= moved)
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = moved;
}

static void piece_add(struct perf_map *map, uint64_t start, uint64_t end, size_t code)
{
	if (start >= end)
		return;
	ARRAY_RESERVE(map->pieces, map->piece_count, map->piece_capacity);
	map->pieces[map->piece_count++] = (struct piece){start, end, code};
}

/* Goes upwards through the addresses, with all codes that reach there at hand; the one with the last line counts. */
static void pieces_make(struct perf_map *map)
{
	struct start *starts = memory_allocate(map->count + 1, sizeof *starts);
	size_t *heap = memory_allocate(map->count + 1, sizeof *heap), held = 0;
	uint64_t at = 0;

	for (size_t i = 0; i < map->count; i++)
		starts[i] = (struct start){map->codes[i].start, i};
	qsort(starts, map->count, sizeof *starts, start_compare);
	for (size_t next = 0; next < map->count || held > 0;) {
		while (held > 0 && map->codes[heap[0]].end <= at)
			heap_pop(heap, &held);
		const bool more = next < map->count;
		if (held == 0) {
			if (!more)
				break;
			at = starts[next].address > at ? starts[next].address : at;
		} else {
			const uint64_t end = map->codes[heap[0]].end;
			const uint64_t until = more && starts[next].address < end ? starts[next].address : end;
			piece_add(map, at, until, heap[0]);
			at = until > at ? until : at;
		}
		for (; next < map->count && starts[next].address <= at; next++)
			heap_push(heap, &held, starts[next].code);
	}
	free(starts);
	free(heap);
}

struct perf_map *perf_map_open(const char *path, const struct perf_map_origin *origin, struct buffer *reason)
{
	size_t bytes = 0;
	int descriptor = perf_map_open_file(path, origin, &bytes, reason);

	if (descriptor < 0)
		return NULL;
	memory_expect_input(bytes);
	struct perf_map *map = memory_allocate(1, sizeof *map);
	map->text = memory_allocate(bytes + 1, 1);
	bytes = read_all(descriptor, map->text, bytes);
	close(descriptor);
	for (char *line = map->text, *end = map->text + bytes; line < end;) {
		char *newline = memchr(line, '\n', (size_t)(end - line));
		if (!newline)
			break; /* it is not written to its end yet, or was cut at the limit */
		*newline = '\0';
		perf_map_add_line(map, line);
		line = newline + 1;
	}
	pieces_make(map);
	return map;
}

void perf_map_free(struct perf_map *map)
{
	if (!map)
		return;
	free(map->codes);
	free(map->pieces);
	free(map->text);
	free(map);
}

const char *perf_map_find(const struct perf_map *map, uint64_t address, struct string_pool *strings)
{
	size_t low = SEEP_COUNT_TO(map->pieces, map->piece_count, start, address);

	if (low == 0 || address >= map->pieces[low - 1].end)
		return NULL;
	const struct jitted *code = &map->codes[map->pieces[low - 1].code];
	return string_pool_intern_safe(strings, code->name, code->length, NAME_LIMIT);
}

/* When the process had ended at the latest. A recording that has ended tells nothing of a process that has only executed
 * another program. */
static void origin_bound(struct perf_map_origin *origin, const struct symbol_process *process)
{
	struct seep_process_stat now = {0};
	uint64_t *ended = &origin->ended_unix_ns;

	seep_process_stat(process->pid, &now);
	if (process->start_ticks == 0 || process->start_ticks == now.start_ticks) {
		*ended = 0;
		return;
	}
	*ended += *ended ? SLACK_NS : 0;
	if (now.start_ticks) {
		const uint64_t next = clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_BOOTTIME) +
				      now.start_ticks * (NANOSECONDS / (uint64_t)sysconf(_SC_CLK_TCK));
		*ended = *ended && *ended < next ? *ended : next;
	}
}

struct perf_map *perf_map_of_process(const struct symbol_process *process, struct perf_map_origin origin,
				     struct buffer *said)
{
	char path[48];

	if (process->pid == 0)
		return NULL;
	if (!process_boot_is(process->boot_id)) {
		buffer_append_text(said, "not looked for: recorded on another machine, or before this one was "
					 "rebooted");
		return NULL;
	}
	origin_bound(&origin, process);
	snprintf(path, sizeof path, "/tmp/perf-%" PRIu64 ".map", process->pid);
	struct perf_map *map = perf_map_open(path, &origin, said);
	if (map)
		buffer_append_text(said, path);
	return map;
}
