/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory that seep puts near a program: a list of the functions that have jumps over them, for the one who takes
 * the jumps out, and copies of the instructions there. It stays when seep leaves, since threads may be in it, and is
 * used again.
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
		uint64_t address, at; /* of the jump, and where it leads */
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
	uint64_t at;            /* in the process; 0: none yet */
	struct detour *detours; /* those that are to be written, frees first */
	size_t count;
};

/* Where the copy of a number's detour goes. */
uint64_t area_slot(const struct area *area, size_t number);

/* Has it all that belongs there already? */
bool area_holds(const struct area *area);
bool area_fill(const struct area *area);

/* Writes the jumps; all threads stand still. False: one of them stands where it can't now; nothing is written. */
bool area_put_in(const struct area *area, const struct tracees *tracees);

/* Takes out what is written, by what libseep.so's table tells; all threads stand still. */
bool area_take_out(const struct remote *remote, uint64_t table);

#endif
