/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lines of heaptrack's file, as heaptrack_interpret writes them: a line for each text, instruction, call, kind of
 * block, allocation and free, in the order of events. Numbers are hexadecimal; indices begin at 1 and refer to earlier
 * lines.
 */
#ifndef SEEP_FOREIGN_HEAPTRACK_LINES_H
#define SEEP_FOREIGN_HEAPTRACK_LINES_H

#include "base/buffer.h"
#include "foreign/foreign_profile.h"

/* A call: an instruction and the call that led to it. */
struct heaptrack_call {
	uint32_t location, parent; /* indices + 1 */
	uint32_t sums;             /* index + 1; 0: nothing was allocated here */
};

/* A kind of block: of one size, from one call. */
struct heaptrack_block {
	uint64_t bytes, allocated, live;
	uint32_t sums; /* index */
};

struct heaptrack_sums {
	uint32_t call; /* index + 1; 0: an unknown stack */
	double objects, live_objects, bytes, live_bytes;
};

struct heaptrack {
	struct foreign_profile *foreign;
	const char *name;
	struct error *error;
	struct buffer pending;         /* bytes that are still to be read */
	uint64_t offset;               /* of the present line, in the unpacked bytes */
	const unsigned char *at, *end; /* the rest of that line */
	const char **texts, **places;  /* fit to print; and as they are */
	uint32_t *mapping_of;          /* by text: index + 1 */
	size_t text_count, text_capacity, place_capacity, mapping_capacity;
	struct heaptrack_call *calls;
	size_t call_count, call_capacity;
	struct heaptrack_block *blocks;
	size_t block_count, block_capacity;
	struct heaptrack_sums *sums;
	size_t sum_count, sum_capacity;
	uint32_t stackless; /* index + 1 of the sums of unknown stacks */
	uint64_t version;
	uint64_t events, live_bytes, time_ms;
	struct peak {
		uint64_t bytes, event;
	} peak;
	uint64_t stop_event, stop_ms; /* reading stops at this event or time */
	bool stopped;
	uint64_t kept, kept_limit; /* bytes of memory that are kept */
};

/* Reads all complete lines in `pending`, and leaves the rest there. False: a fault, or `stopped`. */
bool heaptrack_lines_read(struct heaptrack *reader);

/* Complains about the line that is being read. Returns false. */
bool heaptrack_fault(struct heaptrack *reader, const char *text);

#endif
