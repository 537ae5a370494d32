/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory that seep puts near a program. It holds a list of the functions that have jumps over them, for whoever
 * takes the jumps out, and copies of the instructions that were there. It stays when seep leaves, since threads may be
 * in it, and is used again.
 */
#ifndef SEEP_INLINE_AREA_H
#define SEEP_INLINE_AREA_H

#include <seep/linked.h>

#include "inline/detour.h"
#include "tracing/remote.h"
#include "tracing/tracees.h"

struct area_head {
	uint64_t count;
	struct area_record {
		uint64_t address, at; /* the place of the jump, and its target */
		unsigned char was[8];
	} records[SEEP_LINKED_MOST];
};

#define WHOLE_PAGES(bytes) (((bytes) + 4095) / 4096 * 4096)
enum {
	AREA_SLOTS_AT = WHOLE_PAGES(sizeof(struct area_head)),
	AREA_BYTES = AREA_SLOTS_AT + WHOLE_PAGES(SEEP_LINKED_MOST * DETOUR_BYTES),
};

struct area {
	const struct remote *remote;
	uint64_t at;            /* address in the process; 0: none yet */
	struct detour *detours; /* the jumps to write, those of frees first */
	size_t count;
};

/* Where the copy of the number'th detour goes. */
uint64_t area_slot(const struct area *area, size_t number);

/* Whether it already has everything that belongs there. */
bool area_holds(const struct area *area);
bool area_fill(const struct area *area);

/* Writes the jumps while all threads stand still. False: a thread stands where it must not, and nothing is written. */
bool area_put_in(const struct area *area, const struct tracees *tracees);

/* Takes the jumps out that libseep.so's table lists, while all threads stand still. */
bool area_take_out(const struct remote *remote, uint64_t table);

#endif
