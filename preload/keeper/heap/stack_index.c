/* SPDX-License-Identifier: Apache-2.0 */
/* The index of the stack table: see stack_index.h. */
#include "keeper/heap/stack_index.h"

#include "keeper/base/atomics.h"
#include "keeper/heap/area_growth.h"

#define LAST (SEEP_INDEX_LEVELS - 1u)
#define LINE 8u /* slots of a cache line */
#define TOMBSTONE (UINT64_C(1) << 32)

static uint32_t level_slots(const struct heap *heap, uint32_t level)
{
	return heap->capacity[SEEP_AREA_INDEX0 + level];
}

seep_atomic64 *index_path_next(struct index_path *path)
{
	uint32_t slots, length;
	for (;; path->level++, path->probe = 0) {
		if (path->level > LAST || !area_is_whole(path->heap, SEEP_AREA_INDEX0 + path->level))
			return NULL;
		slots = level_slots(path->heap, path->level);
		/* at most half of the last level is ever filled; the bound is against a damaged file */
		length = path->level == LAST || slots < LINE ? slots : LINE;
		if (path->probe < length)
			break;
	}
	uint32_t around = (path->hash + path->probe++) & (length - 1);
	return &path->heap->index[path->level][(path->hash & (slots - 1) & ~(length - 1)) | around];
}

bool index_path_extend(const struct index_path *path)
{
	return path->level <= LAST && area_room_for_whole(path->heap, SEEP_AREA_INDEX0 + path->level);
}

/* Behind the caller's back somebody may publish an entry behind a tombstone that becomes empty: that one is not found
 * again, and its stack gets a second site. */
static void tombstones_clear(const struct heap *heap)
{
	uint32_t slots = level_slots(heap, LAST);
	for (uint32_t i = 2 * slots; i-- > 0;) {
		seep_atomic64 *slot = &heap->index[LAST][i % slots], *behind = &heap->index[LAST][(i + 1) % slots];
		uint64_t tombstone = TOMBSTONE, empty = 0;
		if (load_relaxed(slot) != TOMBSTONE || load_relaxed(behind) != 0 ||
		    !atomic_compare_exchange_strong_explicit(slot, &tombstone, 0, memory_order_seq_cst,
							     memory_order_relaxed))
			continue;
		if (atomic_load_explicit(behind, memory_order_seq_cst) != 0)
			atomic_compare_exchange_strong_explicit(slot, &empty, TOMBSTONE, memory_order_relaxed,
								memory_order_relaxed);
	}
}

void index_take_out(const struct heap *heap, bool (*is_given_up)(const struct heap *heap, uint32_t site))
{
	for (uint32_t level = 0; level <= LAST && area_is_whole(heap, SEEP_AREA_INDEX0 + level); level++) {
		for (uint32_t i = 0; i < level_slots(heap, level); i++) {
			seep_atomic64 *slot = &heap->index[level][i];
			uint64_t word = load_relaxed(slot);
			if (!index_word_is_free(word) && is_given_up(heap, (uint32_t)word))
				store_release(slot, TOMBSTONE); /* words are constant until here */
		}
		if (level == LAST)
			tombstones_clear(heap);
	}
}
