/* SPDX-License-Identifier: Apache-2.0 */
/* One map leads from function and line to the first line of a cluster; every line of the cluster, and those next to it,
 * are in it. */
#include "place/place_lines.h"

#include <stdlib.h>

#include "base/map.h"
#include "base/memory.h"

#define LINES_APART 3 /* the most from one line of a cluster to the next */

struct place_lines {
	struct map *first;
};

struct place_lines *place_lines_create(void)
{
	struct place_lines *lines = memory_allocate(1, sizeof *lines);

	lines->first = map_create();
	return lines;
}

void place_lines_free(struct place_lines *lines)
{
	if (!lines)
		return;
	map_free(lines->first);
	free(lines);
}

static uint64_t line_key(uint64_t function, uint32_t line)
{
	return hash_bytes(function, &line, sizeof line);
}

static int line_compare(const void *left, const void *right)
{
	const struct place_line *a = left, *b = right;

	if (a->function != b->function)
		return a->function < b->function ? -1 : 1;
	return (a->line > b->line) - (a->line < b->line);
}

static void cluster_add(struct place_lines *lines, uint64_t function, uint32_t first, uint32_t last)
{
	const uint32_t from = first > LINES_APART ? first - LINES_APART : 1;

	for (uint32_t line = from; line <= last + LINES_APART; line++) {
		bool is_new;
		uint64_t *value = map_put(lines->first, line_key(function, line), &is_new);
		if (is_new)
			*value = first;
	}
}

void place_lines_add(struct place_lines *lines, struct place_line *array, size_t count)
{
	size_t begin = 0;

	qsort(array, count, sizeof *array, line_compare);
	for (size_t i = 1; i <= count; i++) {
		if (i < count && array[i].function == array[i - 1].function &&
		    array[i].line - array[i - 1].line <= LINES_APART)
			continue;
		if (!map_get(lines->first, line_key(array[begin].function, array[begin].line)))
			cluster_add(lines, array[begin].function, array[begin].line, array[i - 1].line);
		begin = i;
	}
}

uint32_t place_lines_first(const struct place_lines *lines, struct place_line line)
{
	const uint64_t *first = map_get(lines->first, line_key(line.function, line.line));

	return first ? (uint32_t)*first : line.line;
}
