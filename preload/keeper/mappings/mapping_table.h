/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program's mappings, call by call: pieces of the address space, and sums by site and sort. The table lies in memory
 * of the process that works on it. Everything is exact. An event changes it; nothing else does.
 */
#ifndef SEEP_MAPPINGS_MAPPING_TABLE_H
#define SEEP_MAPPINGS_MAPPING_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "keeper/mappings/mapping_ring.h"

struct mapping_table {
	struct seep_heap_mapping *mappings;
	struct seep_heap_mapping_site *sites; /* the first has what was given up */
	uint32_t count, site_count;
	uint32_t capacity, site_capacity;
	uint64_t tail, lost; /* as in struct seep_heap_mapping_state */
};

/* An empty table with room for so many. False: no memory. */
bool mapping_table_make(struct mapping_table *table, uint32_t capacity, uint32_t site_capacity);
void mapping_table_free(struct mapping_table *table);

void mapping_table_apply(struct mapping_table *table, const struct mapping_event *event, uint64_t position);

/* [start, end), a part of the piece at an index, is not mapped any more, though no call that was recorded says so. False: nothing is left of
 * the piece, and another one may have its index. */
bool mapping_table_correct(struct mapping_table *table, uint32_t index, uint64_t start, uint64_t end);

/* Pieces of a site that are mapped. */
static inline uint64_t mapping_site_live(const struct seep_heap_mapping_site *site)
{
	return site->mapped + site->split - site->ended;
}

#endif
