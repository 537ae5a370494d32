/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which pages of a process are in memory, counted from outside it, without stopping it.
 *
 * Where the kernel has PAGEMAP_SCAN (Linux 6.7), that call answers: it takes 1.2 ms for each GiB of the program's own
 * memory, and nothing for holes. It tells pages of zeros that are not counted in RSS from others. Before,
 * /proc/PID/pagemap is read page by page: 15 ms for each GiB that is mapped. Either way the kernel holds the program's
 * map for a piece of 64 MiB at most; smaps, which takes 15 ms for each GiB, would hold it for a whole mapping. `make
 * bench-ledger` measures the three.
 */
#ifndef SEEP_LEDGER_PAGES_H
#define SEEP_LEDGER_PAGES_H

#include <stdbool.h>
#include <stdint.h>

#define PAGES_SCRATCH_BYTES 65536
#define PAGES_PIECE_BYTES (UINT64_C(64) << 20)
#define PAGES_END (UINT64_C(1) << 56) /* mappings above are the kernel's */

struct page_counts { /* bytes */
	uint64_t anonymous;
	uint64_t file; /* of a file, or shared */
	uint64_t swapped;
	uint64_t huge; /* of the first two: mapped as huge pages, as far as the kernel says so */
	uint64_t unread;
};

/* Pages that are the process's own, in memory or swapped: neither a file's, where these are told apart, nor zeros that were never
 * written. */
typedef void pages_visitor(uint64_t start, uint64_t end, void *context);

struct pages {
	int descriptor; /* of /proc/PID/pagemap */
	bool cannot_scan;
	uint64_t deadline_ns; /* of this thread's processor time: what has not been looked at by then is `unread` */
	void *scratch;        /* PAGES_SCRATCH_BYTES, the caller's */
	pages_visitor *visit; /* NULL: they are only counted */
	void *context;
};

/* False: nobody may look at that process, or it has ended. */
bool pages_open(struct pages *pages, uint64_t pid, void *scratch, uint64_t deadline_ns);
void pages_close(struct pages *pages);

/* A stretch of addresses, and the counts to which its pages are added. */
struct page_piece {
	uint64_t start, end;
	struct page_counts counts;
};

/* Fills the counts of pieces, which are in the order of addresses, in one call where the kernel can: a call for each
 * would cost more than the counting. All together have no more than PAGES_PIECE_BYTES, unless there is only one. */
void pages_count_pieces(struct pages *pages, struct page_piece *pieces, uint32_t count, bool may_be_of_files);

/* Adds what lies in [start, end). Whether a page is a file's costs the kernel ten times as much as the rest, so it is asked only if
 * there may be such: otherwise all count as anonymous. */
void pages_count(struct pages *pages, uint64_t start, uint64_t end, bool may_be_of_files, struct page_counts *counts);

#endif
