/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory in which this process records: the heap file that it makes, one
 * that `seep run` makes for it, or, where there is no space, no file at all.
 */
#ifndef SEEP_RECORDING_HEAP_MAP_H
#define SEEP_RECORDING_HEAP_MAP_H

#include <stdbool.h>

#include <seep/heap.h>

struct heap_map {
	void *map;      /* NULL: nothing works, for that reason */
	bool anonymous; /* private memory: there is no space, or no such file possible */
	bool hosted;    /* `seep run` has made it, and keeps it */
	char reason[240];
};

/* Of header->file_bytes, as planned; fills in header->directory, room and held. */
struct heap_map heap_map_make(struct seep_heap_header *header);

#endif
