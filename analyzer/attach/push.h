/* SPDX-License-Identifier: Apache-2.0 */
/* Brings libseep.so into another process: as a file in that process's memory, with its settings written into its data
 * (<seep/join.h>). */
#ifndef SEEP_ATTACH_PUSH_H
#define SEEP_ATTACH_PUSH_H

#include "tracing/borrowed.h"

/* Made before any thread is stopped. */
struct push {
	unsigned char *bytes; /* of the file, filled in */
	size_t count;
	uint64_t block, begin, table; /* where seep_join, seep_join_begin() and seep_linked are in it, from its base */
};

bool push_prepare(struct push *push, const char *shim, bool confined, const char *environment, size_t environment_bytes,
		  struct error *error);
void push_free(struct push *push);

/* Has the borrowed thread make the file and load it. Its base; 0: the error says why it was not loaded, and nothing is left
 * open. */
uint64_t push_library(const struct push *push, struct borrowed *borrowed, const struct loaded *loaded,
		      struct error *error);

#endif
