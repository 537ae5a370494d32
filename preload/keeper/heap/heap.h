/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A heap file as one process sees it: the header and the areas as pointers, with
 * capacities that were checked once and are kept here, outside the file, because
 * the file may be damaged, or change under us.
 */
#ifndef SEEP_HEAP_HEAP_H
#define SEEP_HEAP_HEAP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include <seep/heap.h>
#include <seep/keeper.h>

struct heap {
	struct seep_heap_header *header;
	size_t bytes;
	struct seep_heap_module *modules;
	seep_atomic64 *index[SEEP_INDEX_LEVELS];
	struct seep_heap_cell *stacks;
	struct seep_heap_site *sites;
	struct seep_heap_lifetime *lifetimes;
	struct seep_heap_mapping *mappings;
	struct seep_heap_mapping_site *mapping_sites;
	struct seep_mapping_event *mapping_ring;
	struct seep_event *ring;
	struct seep_heap_live *live[SEEP_LIVE_LEVELS];
	_Atomic uint8_t *homes[SEEP_LIVE_LEVELS];
	uint32_t capacity[SEEP_AREA_COUNT];      /* entries */
	_Atomic uint32_t limit[SEEP_AREA_COUNT]; /* entries beyond it may not be touched: less than capacity during
						    area_hold(), and after area_shed() */
	bool shed;                               /* what is beyond the limits is no memory of ours */
	uint64_t
	    pid_here; /* the program's number in the reader's pid namespace, where it is another; 0: the header's */
};

/* The number by which /proc knows the program. */
static inline uint64_t heap_pid(const struct heap *heap)
{
	return heap->pid_here ? heap->pid_here : heap->header->pid;
}

/* Fills a zeroed header with what every heap file begins with: its name and version, one rate, and entry 0 of each area
 * taken, since it means "none". */
void heap_header_begin(struct seep_heap_header *header, uint64_t rate);

/* Puts a finished header into the file, its first word last. If the program is killed meanwhile, readers say of the
 * file that nothing was recorded yet, instead of calling it damaged. */
void heap_header_publish(void *map, const struct seep_heap_header *header);

/* Bytes of an entry of an area. */
uint32_t heap_entry_bytes(enum seep_area_id id);

/* Checks every area against `bytes` (bounds, alignment, powers of two) and binds. False: fault says why. */
bool heap_bind(struct heap *heap, void *map, size_t bytes, struct seep_fault *fault);

static inline void heap_count_loss(const struct heap *heap, enum seep_loss_key key)
{
	atomic_fetch_add_explicit(&heap->header->losses[key], 1, memory_order_relaxed);
}

/* The rate behind an index from the file, at least 1. */
uint64_t heap_rate(const struct heap *heap, uint32_t index);

#endif
