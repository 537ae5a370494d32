/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a heap file to a snapshot image, changing nothing in the file.
 *
 * in use      = sums over the live table, which alone decides liveness
 * allocated,  = the sites' counters + the ring's unread events [tail, head),
 * freed, ...    which are added to copies
 *
 * A program that goes on while it is read: live table, ring and counters are
 * read one after the other, in this order, so each is a few milliseconds
 * younger than the one before. An object allocated (freed) in between may be
 * in `allocated` and not in `in_use` (in both `in_use` and `freed`); a producer
 * that folds its own event meanwhile may be seen with samples counted and
 * bytes not yet. Nothing is counted twice. If the consumer folds while someone
 * else builds (tail moved), the build starts again, a few times; the last
 * attempt then lacks at most the events that were folded meanwhile.
 *
 * A dead program is read exactly: everything that was committed is there.
 * Holes of the ring, torn live entries and a doubted event are counted in the
 * snapshot.
 */
#ifndef SEEP_SNAPSHOT_BUILD_H
#define SEEP_SNAPSHOT_BUILD_H

#include <stdbool.h>

#include "keeper/heap/heap.h"

struct build_options {
	enum seep_trigger trigger;
	uint64_t number;
	bool dead;     /* the program has ended: holes and torn entries are final */
	bool consumer; /* the caller holds the lease: the tail does not move */
	/* Not NULL: LEDGER is wanted, too, which takes about 1.2 ms for each GiB of RSS; receives that time. */
	uint64_t *ledger_ns;
};

bool snapshot_build(const struct heap *heap, const struct build_options *options, struct seep_image *image,
		    struct seep_fault *fault);

#endif
