/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All entries of the live table. The scan goes by the homes, which are a 32nd of the table's size, and leaves out slots
 * that no home ever reached. So a snapshot does not make the whole reserved table resident.
 *
 * While the program runs, entries come and go under the scan: one that is
 * there all the time is seen exactly once, others once or not at all.
 */
#ifndef SEEP_SNAPSHOT_LIVE_SCAN_H
#define SEEP_SNAPSHOT_LIVE_SCAN_H

#include "keeper/heap/live.h"

struct live_scan {
	const struct heap *heap;
	uint32_t level;
	uint32_t home;       /* next to look at */
	uint32_t slot, stop; /* slots of the run that is being read */
};

struct live_scan live_scan_begin(const struct heap *heap);

/* LIVE_ENTRY: *entry is the next one. LIVE_TORN: a half-written one. LIVE_EMPTY: that was all. */
enum live_read live_scan_next(struct live_scan *scan, struct live_entry *entry);

#endif
