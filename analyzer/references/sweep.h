/* SPDX-License-Identifier: Apache-2.0 */
/* Goes through memory word by word, and marks the blocks to which words point (marks.h). The memory is read from a
 * file: /proc/PID/mem, or a core dump. */
#ifndef SEEP_REFERENCES_SWEEP_H
#define SEEP_REFERENCES_SWEEP_H

#include <stdatomic.h>

#include "copy/freed.h"
#include "references/marks.h"

struct sweep {
	struct marks *marks;
	const atomic_bool *stop; /* NULL: nobody stops it */
	words_find *find;
	uint64_t *piece;
	uint32_t *places;
	uint64_t scanned_bytes, unread_bytes;
};

struct sweep_source {
	int file;
	uint64_t place;      /* where address 0 would be in the file, modulo 2^64 */
	bool every_byte;     /* look at every byte, since code holds pointers at any place */
	struct freed *freed; /* NULL: it is not known which of the memory is free */
};

void sweep_begin(struct sweep *sweep, struct marks *marks, const atomic_bool *stop);
void sweep_end(struct sweep *sweep);

/* Sweeps the addresses from `start` to `end`, both multiples of 8. */
void sweep_range(struct sweep *sweep, const struct sweep_source *source, uint64_t start, uint64_t end);

/* Sweeps registers, or other words that lie in no block; whole words of 8 bytes. */
void sweep_words(struct sweep *sweep, const void *words, size_t bytes);

#endif
