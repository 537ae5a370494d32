/* SPDX-License-Identifier: Apache-2.0 */
/* See marks.h. */
#include "references/marks.h"

#include <stdlib.h>

#include "base/memory.h"

#define EDGES_MOST ((size_t)32 << 20) /* 256 MiB; beyond that, a word in a block counts like any other */

void marks_begin(struct marks *marks, const struct blocks *blocks)
{
	*marks = (struct marks){.blocks = blocks,
				.is_referenced = memory_allocate(blocks->count + 1u, sizeof(bool)),
				.is_pointed_at = memory_allocate(blocks->count + 1u, sizeof(bool))};
	for (uint32_t i = 0; i < blocks->count; i++)
		marks->is_referenced[i] = blocks->items[i].is_doubtful;
}

void marks_free(struct marks *marks)
{
	free(marks->is_referenced);
	free(marks->is_pointed_at);
	free(marks->edges);
	*marks = (struct marks){0};
}

void marks_see(struct marks *marks, uint64_t location, uint64_t word)
{
	const uint32_t to = blocks_find(marks->blocks, word);

	if (to == BLOCK_NONE || marks->is_referenced[to])
		return;
	const uint32_t from = location ? blocks_find(marks->blocks, location) : BLOCK_NONE;
	if (from == to)
		return;
	if (from == BLOCK_NONE || marks->edge_count == EDGES_MOST) {
		marks->is_referenced[to] = true;
		return;
	}
	marks->is_pointed_at[to] = true;
	ARRAY_RESERVE(marks->edges, marks->edge_count, marks->edge_capacity);
	marks->edges[marks->edge_count++] = (struct mark_edge){from, to};
}

/* Sorts the edges by block; returns where those of each block begin. */
static uint32_t *edges_order(const struct marks *marks, uint32_t *targets)
{
	const uint32_t count = marks->blocks->count;
	uint32_t *begin = memory_allocate(count + 2u, sizeof *begin);

	for (size_t i = 0; i < marks->edge_count; i++)
		begin[marks->edges[i].from + 2]++;
	for (uint32_t i = 2; i <= count + 1; i++)
		begin[i] += begin[i - 1];
	for (size_t i = 0; i < marks->edge_count; i++)
		targets[begin[marks->edges[i].from + 1]++] = marks->edges[i].to;
	return begin;
}

void marks_close(struct marks *marks)
{
	const uint32_t count = marks->blocks->count;
	uint32_t *targets = memory_allocate(marks->edge_count + 1, sizeof *targets);
	uint32_t *todo = memory_allocate(count + 1u, sizeof *todo), length = 0;
	uint32_t *begin = edges_order(marks, targets);

	for (uint32_t i = 0; i < count; i++)
		if (marks->is_referenced[i])
			todo[length++] = i;
	while (length) {
		const uint32_t from = todo[--length];
		for (uint32_t i = begin[from]; i < begin[from + 1]; i++) {
			if (marks->is_referenced[targets[i]])
				continue;
			marks->is_referenced[targets[i]] = true;
			todo[length++] = targets[i];
		}
	}
	free(begin);
	free(targets);
	free(todo);
}

enum seep_reference marks_state(const struct marks *marks, uint32_t block)
{
	if (marks->is_referenced[block])
		return SEEP_REFERENCE_LIVE;
	return marks->is_pointed_at[block] ? SEEP_REFERENCE_DEAD : SEEP_REFERENCE_NOBODY;
}
