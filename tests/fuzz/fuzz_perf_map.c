/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of perf maps under libFuzzer: names come out fit to print and cut, from any text. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/utf8.h"
#include "symbols/perf_map.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char path[] = "/dev/shm/seep-fuzz-XXXXXX";

static void file_remove(void)
{
	unlink(path);
}

/* A file with a name: seep opens the file without following links, so a descriptor's path would not do. */
static bool file_write(const uint8_t *data, size_t size)
{
	static int descriptor = -1;

	if (descriptor < 0) {
		descriptor = mkstemp(path);
		atexit(file_remove);
	}
	return ftruncate(descriptor, 0) == 0 && pwrite(descriptor, data, size, 0) == (ssize_t)size;
}

static void name_check(const char *name)
{
	uint32_t character;

	for (size_t left = strlen(name), width; left; name += width, left -= width) {
		width = utf8_decode(name, left, &character);
		if (!width || !utf8_is_printable(character)) {
			fprintf(stderr, "a name that is not fit to print\n");
			abort();
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint64_t others[] = {0, 1, 0x1000, UINT64_MAX};
	const struct perf_map_origin origin = {.owner = geteuid()};
	struct buffer reason = {0};

	if (!file_write(data, size))
		return 0; /* a full disk is not the reader's fault */
	struct string_pool *strings = string_pool_create();
	struct perf_map *map = perf_map_open(path, &origin, &reason);
	for (size_t i = 0; map && i < size + 4; i++) {
		uint64_t address = i < 4 ? others[i] : 0;
		if (i >= 4 && (i == 4 || data[i - 5] == '\n')) {
			char word[24] = {0};
			memcpy(word, data + i - 4, size - (i - 4) < 17 ? size - (i - 4) : 17);
			address = strtoull(word, NULL, 16);
		} else if (i >= 4) {
			continue;
		}
		const char *name = perf_map_find(map, address, strings);
		if (name)
			name_check(name);
	}
	buffer_free(&reason);
	perf_map_free(map);
	string_pool_free(strings);
	return 0;
}
