/* SPDX-License-Identifier: Apache-2.0 */
/* The beginning of a heap file and the checking of one: see heap.h. */
#include "keeper/heap/heap.h"

#include <string.h>

#include "keeper/base/atomics.h"
#include "keeper/base/fault.h"

static const uint32_t entry_bytes[SEEP_AREA_COUNT] = {
    [SEEP_AREA_MODULES] = sizeof(struct seep_heap_module),
    [SEEP_AREA_INDEX0] = 8,
    [SEEP_AREA_INDEX1] = 8,
    [SEEP_AREA_INDEX2] = 8,
    [SEEP_AREA_STACKS] = sizeof(struct seep_heap_cell),
    [SEEP_AREA_SITES] = sizeof(struct seep_heap_site),
    [SEEP_AREA_LIFETIMES] = sizeof(struct seep_heap_lifetime),
    [SEEP_AREA_MAPPINGS] = sizeof(struct seep_heap_mapping),
    [SEEP_AREA_MAPPING_SITES] = sizeof(struct seep_heap_mapping_site),
    [SEEP_AREA_MAPPING_RING] = sizeof(struct seep_mapping_event),
    [SEEP_AREA_RING] = sizeof(struct seep_event),
    [SEEP_AREA_LIVE0] = sizeof(struct seep_heap_live),
    [SEEP_AREA_LIVE1] = sizeof(struct seep_heap_live),
    [SEEP_AREA_LIVE2] = sizeof(struct seep_heap_live),
    [SEEP_AREA_HOMES0] = 1,
    [SEEP_AREA_HOMES1] = 1,
    [SEEP_AREA_HOMES2] = 1,
};

uint32_t heap_entry_bytes(enum seep_area_id id)
{
	return entry_bytes[id];
}

/* Areas whose capacity must be a power of two, because positions are masked. */
static bool is_masked(enum seep_area_id id)
{
	return (id >= SEEP_AREA_INDEX0 && id <= SEEP_AREA_INDEX2) || id >= SEEP_AREA_MAPPING_RING;
}

static bool is_power_of_two(uint64_t n)
{
	return n && (n & (n - 1)) == 0;
}

void heap_header_begin(struct seep_heap_header *header, uint64_t rate)
{
	memcpy(header->magic, SEEP_HEAP_MAGIC, sizeof header->magic);
	header->version = SEEP_HEAP_VERSION;
	header->header_bytes = sizeof *header;
	header->rates[0] = rate;
	store_relaxed(&header->rate_count, 1);
	store_relaxed(&header->module_count, 1);
	store_relaxed(&header->site_count, 1);
	store_relaxed(&header->lifetime_count, 1);
	store_relaxed(&header->cell_count, 1);
	store_relaxed(&header->next_number, 1);
}

void heap_header_publish(void *map, const struct seep_heap_header *header)
{
	uint64_t magic;
	_Static_assert(sizeof magic == sizeof header->magic, "stored as one word");
	memcpy(&magic, header->magic, sizeof magic);
	memcpy((char *)map + sizeof magic, (const char *)header + sizeof magic, sizeof *header - sizeof magic);
	atomic_store_explicit((seep_atomic64 *)map, magic, memory_order_release);
}

static bool area_check(const struct seep_area *area, enum seep_area_id id, uint64_t bytes)
{
	if (area->offset % SEEP_HEAP_PAGE || area->offset < SEEP_HEAP_AREAS_OFFSET || area->offset > bytes)
		return false;
	if (area->capacity < 2 || area->capacity > (bytes - area->offset) / entry_bytes[id] ||
	    area->capacity > UINT64_C(1) << 31)
		return false;
	return !is_masked(id) || is_power_of_two(area->capacity);
}

bool heap_bind(struct heap *heap, void *map, size_t bytes, struct seep_fault *fault)
{
	struct seep_heap_header *header = map;
	if (bytes < SEEP_HEAP_AREAS_OFFSET)
		return fault_fill(fault, bytes, 0, "too short for a heap file");
	if (!memcmp(header->magic, (char[sizeof header->magic]){0}, sizeof header->magic))
		return fault_fill(fault, 0, 0, "nothing was recorded: the program ended while its recording began");
	if (memcmp(header->magic, SEEP_HEAP_MAGIC, sizeof header->magic) != 0)
		return fault_fill(fault, 0, 0, "not a heap file (no SEEPHEAP at its start)");
	if (header->version != SEEP_HEAP_VERSION || header->header_bytes != sizeof *header)
		return fault_fill(fault, 8, 0, "heap file of another version of seep");
	if (header->file_bytes != bytes)
		return fault_fill(fault, 16, 0, "heap file is not as long as its header says");
	*heap = (struct heap){.header = header, .bytes = bytes};
	void *areas[SEEP_AREA_COUNT];
	for (int id = 0; id < SEEP_AREA_COUNT; id++) {
		struct seep_area area = header->areas[id];
		uint64_t place = (uint64_t)((char *)&header->areas[id] - (char *)header);
		if (!area_check(&area, id, bytes))
			return fault_fill(fault, place, 0, "area lies outside the heap file");
		areas[id] = (char *)map + area.offset;
		heap->capacity[id] = (uint32_t)area.capacity;
		store_relaxed(&heap->limit[id], UINT32_MAX);
	}
	for (int level = 0; level < SEEP_LIVE_LEVELS; level++) {
		if (heap->capacity[SEEP_AREA_HOMES0 + level] < heap->capacity[SEEP_AREA_LIVE0 + level])
			return fault_fill(fault, 24, 0, "live table and its homes differ in size");
		heap->live[level] = areas[SEEP_AREA_LIVE0 + level];
		heap->homes[level] = areas[SEEP_AREA_HOMES0 + level];
	}
	heap->modules = areas[SEEP_AREA_MODULES];
	for (int level = 0; level < SEEP_INDEX_LEVELS; level++)
		heap->index[level] = areas[SEEP_AREA_INDEX0 + level];
	heap->stacks = areas[SEEP_AREA_STACKS];
	heap->sites = areas[SEEP_AREA_SITES];
	heap->lifetimes = areas[SEEP_AREA_LIFETIMES];
	heap->mappings = areas[SEEP_AREA_MAPPINGS];
	heap->mapping_sites = areas[SEEP_AREA_MAPPING_SITES];
	heap->mapping_ring = areas[SEEP_AREA_MAPPING_RING];
	heap->ring = areas[SEEP_AREA_RING];
	return true;
}

uint64_t heap_rate(const struct heap *heap, uint32_t index)
{
	uint64_t rate = index < SEEP_RATES ? heap->header->rates[index] : 0;
	return rate ? rate : 1;
}
