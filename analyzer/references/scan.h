/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks for references in all memory of a copy (image.h): what is the program's own, page by page. Left out are seep's own memory, which
 * has the addresses of all sampled blocks; pages that the program never wrote; devices; what `dead` names; what `freed` knows to be free.
 *
 * The last part of libseep.so's data is not a part of its file, and the kernel joins what the program has mapped right behind to it: the
 * C library's thread-local memory may lie there, also in a mapping of its own.
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
	const struct ledger *mapped; /* of the program, later */
	const struct dead_range *dead;
	size_t dead_count;
	uint64_t shim_end;   /* of libseep.so's data; 0: it is not known */
	struct freed *freed; /* of the copy; NULL: what is free there counts like all else */
	struct marks *marks;
	uint64_t deadline_ns;
	bool gives_way; /* to all who have work, as the program runs on meanwhile */
	atomic_bool stop, done;
	/* found */
	uint64_t scanned_bytes, unread_bytes, cpu_ns;
	bool has_failed; /* not all that should was looked at */
};

/* Runs in a thread of its own, at the lowest priority where it gives way. */
void *scan_run(void *context);

#endif
