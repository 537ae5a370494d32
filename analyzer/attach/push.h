/* SPDX-License-Identifier: Apache-2.0 */
/* Brings libseep.so into another process: as a file in that process's memory, with its settings written into its data
 * (<seep/join.h>). */
#ifndef SEEP_ATTACH_PUSH_H
#define SEEP_ATTACH_PUSH_H

#include "tracing/borrowed.h"

/* Everything that is made before any thread is stopped. */
struct push {
	unsigned char *bytes; /* the file's contents, filled in */
	size_t count;
	/* offsets of seep_join, seep_join_begin() and seep_linked from the library's base */
	uint64_t block, begin, table;
};

bool push_prepare(struct push *push, const char *shim, bool confined, const char *environment, size_t environment_bytes,
		  struct error *error);
void push_free(struct push *push);

/* Has the borrowed thread make the file and load it. The library's base; 0: the error says why it was not loaded, and
 * nothing is left open. */
uint64_t push_library(const struct push *push, struct borrowed *borrowed, const struct loaded *loaded,
		      struct error *error);

#endif
