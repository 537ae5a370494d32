/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory of the program, read from outside while it runs on. Only pages that are in memory are read: a look must
 * neither bring back what is swapped out nor make pages that nobody has touched. What is read may be torn: whoever reads
 * it believes nothing that is not consistent.
 */
#ifndef SEEP_ARENAS_PEEK_H
#define SEEP_ARENAS_PEEK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keeper/ledger/pages.h"

#define PEEK_PAGES 16
#define PEEK_BYTES (PEEK_PAGES * (size_t)4096)

struct peek {
	uint64_t pid;
	struct pages *pages;
	unsigned char *data; /* PEEK_BYTES, the caller's: pages from `start` on */
	uint64_t start;
	uint32_t count;   /* pages */
	uint32_t present; /* a bit each: in `data` */
	int error;        /* why the last reading failed: an errno; 0: a page is not in memory */
	uint64_t end_ns;  /* of this thread's processor time: nothing is read afterwards */
	bool is_over;
};

void peek_begin(struct peek *peek, uint64_t pid, struct pages *pages, unsigned char *data, uint64_t end_ns);

/* All of it, or false. Quick from one address to the next higher one. */
bool peek_read(struct peek *peek, uint64_t address, void *to, size_t bytes);

/* Forgets what was read, so that the next reading asks the kernel again. */
void peek_forget(struct peek *peek);

/* Of [start, end) the bytes that lie in pages in memory. Pieces of pages at both ends count as in memory. */
uint64_t peek_resident(const struct peek *peek, uint64_t start, uint64_t end);

#endif
