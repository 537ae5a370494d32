/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ring of calls that mapped and unmapped memory: as keeper/heap/ring.h, but exact, so that nobody can fold its own
 * event: the order counts. A full ring refuses the event, which is then counted as lost.
 *
 * An event is pushed after its call. A thread that maps what another has just unmapped may be the first to push, so each
 * event says what the ring's head was before the call.
 */
#ifndef SEEP_MAPPINGS_MAPPING_RING_H
#define SEEP_MAPPINGS_MAPPING_RING_H

#include <stdint.h>

#include "keeper/heap/heap.h"

struct mapping_event {
	enum seep_mapping_event_kind kind;
	uint32_t sort; /* enum seep_mapping_sort */
	uint64_t address, length, old_address, old_length, since, time_ns;
	uint32_t site, thread;
};

#define MAPPING_LENGTH_LIMIT (UINT64_C(1) << 56)

/* Before the call. */
static inline uint64_t mapping_ring_now(const struct heap *heap)
{
	return atomic_load_explicit(&heap->header->mapping_head, memory_order_acquire);
}

enum mapping_push { MAPPING_PUSHED, MAPPING_PUSHED_HALF, MAPPING_REFUSED };

/* Any thread, signal-safe. PUSHED_HALF: half of the ring is used from now on, and the keeper should look. */
enum mapping_push mapping_ring_push(const struct heap *heap, const struct mapping_event *event);

enum mapping_read { MAPPING_EMPTY, MAPPING_HOLE, MAPPING_CORRUPT, MAPPING_EVENT };

enum mapping_read mapping_ring_read(const struct heap *heap, uint64_t position, struct mapping_event *event);

#endif
