/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many snapshots a recording keeps: by default 64, and 256 MiB together.
 * The first and the last are always kept, and those that are marked, whatever the limits say.
 *
 * Two kinds share the limits. Timer snapshots form the time series that slopes and cohorts are computed from, so they
 * stay even in time. The keeper removes the one whose removal leaves the smallest gap between its neighbours in the
 * series; of several within a tenth of that gap (timers jitter) it removes the oldest. Gaps then differ by a small
 * factor only, and a recording of any length keeps its whole span. The others (requests, signals, peaks) were wanted at
 * their moment; among themselves they are thinned by the same rule. Each kind may have half of a limit, and what the
 * other leaves of its half: the kind that exceeds its half more is thinned first. Eight of the timer's are kept even
 * where they are larger than that, as long as the file system has space for others: otherwise a program with millions
 * of sampled blocks would keep no snapshot, and get no verdict.
 *
 * Snapshots are never thinned in their content, so nothing is lost from totals.
 */
#ifndef SEEP_LOOP_RETENTION_H
#define SEEP_LOOP_RETENTION_H

#include <stddef.h>
#include <stdint.h>

#include "keeper/heap/heap.h"
#include "keeper/files/directory.h"

#define RETENTION_SNAPSHOTS 64
#define RETENTION_BYTES (UINT64_C(256) << 20)
#define RETENTION_SERIES 8 /* timer snapshots that stay, whatever their size: a series that can be judged */
#define RETENTION_NONE SIZE_MAX

struct retention {
	uint64_t snapshots, bytes; /* 0: the default */
	bool has_space;            /* on the file system, for a series that is larger */
};

/* Index of the next one to remove from a list in order of time; RETENTION_NONE: all may stay. */
size_t retention_choose(const struct kept_snapshot *list, size_t count, const struct retention *limits);

/* Thins the recording in this directory to the limits of the heap file, and counts what it removes. */
void retention_apply(const struct heap *heap, int directory);

#endif
