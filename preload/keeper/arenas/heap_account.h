/* SPDX-License-Identifier: Apache-2.0 */
/*
 * glibc's heap, taken apart from outside: seep calls nothing in the program, takes no lock, and lets all of it run on.
 *
 * The headers of chunks lead from one to the next, and each says whether the one before it is free. A live block that
 * was sampled is a place to begin. So the heap is cut at such blocks, and the pieces between are walked, in an order
 * that spreads over the heap, until all are done or the time is over; then the pieces that were walked stand for the
 * rest. A piece that changes meanwhile so that its sizes do not add up is left out, and counted.
 *
 *	in memory = in use + cached + free pages + pinned + metadata, and what could not be read
 *
 * Free chunks that follow each other are one; free pages are those that lie in it whole: malloc_trim() gives these back. The
 * others also hold something that is in use: they are pinned by it.
 */
#ifndef SEEP_ARENAS_HEAP_ACCOUNT_H
#define SEEP_ARENAS_HEAP_ACCOUNT_H

#include <stdint.h>

#include "keeper/ledger/mappings.h"

/* Bytes in memory. */
struct heap_account {
	uint64_t in_use; /* chunks that the program has, with their headers */
	uint64_t cached; /* freed, in the threads' own caches */
	uint64_t free_pages;
	uint64_t top; /* of free_pages: at the ends of threads' arenas, where malloc_trim() leaves them */
	uint64_t pinned;
	uint64_t metadata;
	uint64_t spread; /* half the 95 % interval of in_use; 0: all was walked */
	uint32_t state;  /* enum seep_account_state; 0: nobody looked */
};

/* Takes `budget_ns` of processor time, or a little more. `libc` is the path of the module that has malloc(); the
 * ledger's classes are known: blocks outside of those that are heap (keeper/ledger/chunks.h) are not counted here. */
void heap_account_take(struct heap_account *account, uint64_t pid, const struct ledger *ledger, const char *libc,
		       const struct seep_live *live, uint64_t live_count, uint64_t budget_ns);

#endif
