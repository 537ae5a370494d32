/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks for references in all memory of a copy (image.h) that is the program's own, page by page. It leaves out seep's
 * own memory, which has the addresses of all sampled blocks; pages that the program never wrote; devices; ranges in
 * `dead`; and memory that `freed` knows to be free.
 *
 * The last part of libseep.so's data does not belong to its file, and the kernel joins to it whatever the program has
 * mapped right behind: the C library's thread-local memory may lie there, or in a mapping of its own.
 *
 * Memory that a copy does not get (MADV_DONTFORK, MADV_WIPEONFORK) is read from the program, which runs.
 */
#ifndef SEEP_REFERENCES_SCAN_H
#define SEEP_REFERENCES_SCAN_H

#include <stdatomic.h>

#include "keeper/ledger/ledger.h"
#include "copy/stacks.h"
#include "references/marks.h"

struct scan {
	const struct image *image;
	pid_t program;
	const struct ledger *copied; /* mappings of the copy, classified */
	const struct ledger *mapped; /* the program's mappings, later */
	const struct dead_range *dead;
	size_t dead_count;
	uint64_t shim_end;   /* end of libseep.so's data; 0: unknown */
	struct freed *freed; /* the copy's; NULL: free memory counts like all other */
	struct marks *marks;
	uint64_t deadline_ns;
	bool gives_way; /* lets everybody with work go first, since the program runs on meanwhile */
	atomic_bool stop, done;
	/* results */
	uint64_t scanned_bytes, unread_bytes, cpu_ns;
	bool has_failed; /* not everything was looked at that should have been */
};

/* Runs in a thread of its own; with `gives_way`, at the lowest priority. */
void *scan_run(void *context);

#endif
