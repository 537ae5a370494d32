/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a small heap file to stdout, a seed for fuzz_heap: modules, stacks, sites, live samples, events, lifetimes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keeper/base/atomics.h"
#include "keeper/heap/heap.h"
#include "keeper/heap/live.h"
#include "keeper/heap/ring.h"
#include "keeper/heap/sites.h"
#include "keeper/heap/stacks.h"

/* As area_plan(), in small: libFuzzer wants short inputs. */
static void plan(struct seep_heap_header *header)
{
	static const struct {
		uint32_t capacity, entry_bytes;
	} areas[SEEP_AREA_COUNT] = {
	    [SEEP_AREA_MODULES] = {8, sizeof(struct seep_heap_module)},
	    [SEEP_AREA_INDEX0] = {8, 8},
	    [SEEP_AREA_INDEX1] = {8, 8},
	    [SEEP_AREA_INDEX2] = {32, 8},
	    [SEEP_AREA_STACKS] = {64, sizeof(struct seep_heap_cell)},
	    [SEEP_AREA_SITES] = {12, sizeof(struct seep_heap_site)},
	    [SEEP_AREA_LIFETIMES] = {64, sizeof(struct seep_heap_lifetime)},
	    [SEEP_AREA_MAPPINGS] = {32, sizeof(struct seep_heap_mapping)},
	    [SEEP_AREA_MAPPING_SITES] = {16, sizeof(struct seep_heap_mapping_site)},
	    [SEEP_AREA_MAPPING_RING] = {16, sizeof(struct seep_mapping_event)},
	    [SEEP_AREA_RING] = {64, sizeof(struct seep_event)},
	    [SEEP_AREA_LIVE0] = {64, sizeof(struct seep_heap_live)},
	    [SEEP_AREA_LIVE1] = {64, sizeof(struct seep_heap_live)},
	    [SEEP_AREA_LIVE2] = {64, sizeof(struct seep_heap_live)},
	    [SEEP_AREA_HOMES0] = {64, 1},
	    [SEEP_AREA_HOMES1] = {64, 1},
	    [SEEP_AREA_HOMES2] = {64, 1},
	};
	uint64_t offset = SEEP_HEAP_AREAS_OFFSET;
	for (int id = 0; id < SEEP_AREA_COUNT; id++) {
		header->areas[id] = (struct seep_area){offset, areas[id].capacity};
		uint64_t bytes = (uint64_t)areas[id].capacity * areas[id].entry_bytes;
		offset += (bytes + SEEP_HEAP_PAGE - 1) / SEEP_HEAP_PAGE * SEEP_HEAP_PAGE;
	}
	header->file_bytes = offset;
}

int main(void)
{
	struct seep_heap_header header = {.pid = 4711};
	heap_header_begin(&header, 512);
	strcpy(header.command, "seed");
	plan(&header);
	store_relaxed(&header.phase, SEEP_HEAP_RECORDING);
	void *map = aligned_alloc(SEEP_HEAP_PAGE, header.file_bytes);
	struct seep_fault fault;
	struct heap heap;
	memset(map, 0, header.file_bytes);
	memcpy(map, &header, sizeof header);
	if (!heap_bind(&heap, map, header.file_bytes, &fault))
		return 1;
	for (uint64_t i = 0; i < 40; i++) {
		uintptr_t stack[] = {0x1000 + i % 6, 0x2000, 0x3000 + i % 2};
		struct event event = {.kind = SEEP_EVENT_ALLOCATED,
				      .size = 100 * i,
				      .site = stack_site(&heap, stack, 3, i % 2),
				      .time_ns = i};
		live_insert(&heap,
			    &(struct live_entry){
				.address = 0x10000 + 64 * i, .size = 100 * i, .birth_ns = i + 1, .site = event.site});
		ring_push(&heap, &event);
		event.kind = SEEP_EVENT_FREED;
		if (i % 3 == 0)
			site_fold(&heap, &event);
	}
	bool written = fwrite(map, 1, header.file_bytes, stdout) == header.file_bytes;
	free(map);
	return !written;
}
