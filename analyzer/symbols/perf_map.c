/* SPDX-License-Identifier: Apache-2.0 */
/* Reads perf maps; see perf_map.h. /tmp is everybody's, so whose file it is matters. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "symbols/perf_map.h"

enum { NAME_LIMIT = 4096 };
#define MAP_BYTES_MAX ((size_t)256 << 20)
#define NANOSECONDS UINT64_C(1000000000)

struct jitted {
	uint64_t start, end;
	size_t order; /* line in the file */
	const char *name;
	size_t length;
};

struct perf_map {
	char *text;
	struct jitted *codes; /* ascending by start, the later line first */
	size_t count, capacity;
};

/* Opens without following a link or waiting for a pipe; -1 if it is not what it should be. */
static int perf_map_open_file(const char *path, uint64_t since_unix_ns, size_t *bytes)
{
	struct stat status;
	int descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (descriptor < 0)
		return -1;
	if (fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) &&
	    (status.st_uid == geteuid() || status.st_uid == 0) && status.st_size > 0 &&
	    (uint64_t)status.st_mtim.tv_sec >= since_unix_ns / NANOSECONDS) {
		*bytes = (uint64_t)status.st_size < MAP_BYTES_MAX ? (size_t)status.st_size : MAP_BYTES_MAX;
		return descriptor;
	}
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

/* One line, NUL-terminated; what is no such line is passed over. */
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
	map->codes[map->count] = (struct jitted){.start = start,
						 .end = start + size,
						 .order = map->count,
						 .name = after + 1,
						 .length = strnlen(after + 1, NAME_LIMIT + 1)};
	map->count++;
}

static int jitted_compare(const void *left, const void *right)
{
	const struct jitted *a = left, *b = right;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return (a->order < b->order) - (a->order > b->order);
}

struct perf_map *perf_map_open(const char *path, uint64_t since_unix_ns)
{
	size_t bytes = 0;
	int descriptor = perf_map_open_file(path, since_unix_ns, &bytes);

	if (descriptor < 0)
		return NULL;
	struct perf_map *map = memory_allocate(1, sizeof *map);
	map->text = memory_allocate(bytes + 1, 1);
	bytes = read_all(descriptor, map->text, bytes);
	close(descriptor);
	for (char *line = map->text, *end = map->text + bytes; line < end;) {
		char *newline = memchr(line, '\n', (size_t)(end - line));
		if (!newline)
			break; /* not written to its end yet, or cut at the limit */
		*newline = '\0';
		perf_map_add_line(map, line);
		line = newline + 1;
	}
	qsort(map->codes, map->count, sizeof *map->codes, jitted_compare);
	return map;
}

void perf_map_free(struct perf_map *map)
{
	if (!map)
		return;
	free(map->codes);
	free(map->text);
	free(map);
}

const char *perf_map_find(const struct perf_map *map, uint64_t address, struct string_pool *strings)
{
	enum { LOOK_BACK = 64 };
	const struct jitted *found = NULL;
	size_t low = 0, high = map->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (map->codes[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	for (size_t back = 0; back < LOOK_BACK && low > 0; back++) {
		const struct jitted *code = &map->codes[--low];
		if (address < code->end && (!found || code->order > found->order))
			found = code;
	}
	return found ? string_pool_intern_safe(strings, found->name, found->length, NAME_LIMIT) : NULL;
}
