/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Allocators that are a part of the program: no look-up of names leads to
 * their functions, so seep writes jumps to hooks of libseep.so over their first
 * instructions, from outside (`--static`). The library has one table of those
 * hooks in its data, named seep_linked, which seep finds by that name.
 */
#ifndef SEEP_LINKED_H
#define SEEP_LINKED_H

#include <stdint.h>

#include <seep/entry_points.h>

#define SEEP_LINKED_VERSION 3

/* All entry points, and room for functions that are only called (REAL_OTHERS of preload/shim/host/real.h). */
#define SEEP_LINKED_ONE(...) +1
enum { SEEP_LINKED_MOST = 32 SEEP_ENTRY_POINTS(SEEP_LINKED_ONE) SEEP_ENTRY_POINTS_OF_RUST(SEEP_LINKED_ONE) };

/* Two hooks for a function of that name. */
struct seep_linked_hook {
	char name[56];
	const void *
	    outer; /* for one that calls other functions that are hooked: it counts, and they don't; NULL: then they do */
	const void *inner; /* for one that calls none; NULL: it is only called by hooks */
	void *real;        /* the pointer through which hooks call the function itself */
	void *end;         /* one more, which is left as it is unless it is NULL; or NULL */
};

struct seep_linked {
	uint32_t version, unused;
	/* Code that seep has put near the program: the functions' own beginnings, and what undoes the jumps; 0: none. */
	uint64_t area;
	const void **bypassed; /* of a preloaded library: its words on the program, and */
	uint32_t *status;      /* SEEP_STATUS_BYPASSED in it; not so any more where seep has hooked the allocator */
	struct seep_linked_hook hooks[SEEP_LINKED_MOST];
};

#endif
