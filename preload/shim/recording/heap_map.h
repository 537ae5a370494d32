/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory in which this process records: a heap file that it makes, one that
 * `seep run` makes for it, or, without space, no file at all.
 */
#ifndef SEEP_RECORDING_HEAP_MAP_H
#define SEEP_RECORDING_HEAP_MAP_H

#include <stdbool.h>

#include <seep/heap.h>

struct heap_map {
	void *map;      /* NULL: none is to be had, for that reason */
	bool anonymous; /* private memory, because there is no space or no such file is possible */
	bool hosted;    /* `seep run` has made it, and keeps it */
	char reason[240];
};

/* Plans the areas of a header without any: with less capacity, if need be, where address space or files are limited, or where
 * all of the memory has to be there from the beginning. False: there is no room for the smallest plan. */
bool heap_map_plan(struct seep_heap_header *header);

/* Makes memory of header->file_bytes, as planned. Fills in header->directory, room and held. */
struct heap_map heap_map_make(struct seep_heap_header *header);

#endif
