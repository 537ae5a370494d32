/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The recording directory as the holder of the lease sees it: which snapshots
 * of this recording are there. A snapshot counts as ours only if its name is
 * NNNNNN.seep and its header and PROCESS section name the same number and the
 * same process; anything else in the directory is left alone.
 */
#ifndef SEEP_FILES_DIRECTORY_H
#define SEEP_FILES_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keeper/heap/heap.h"

#define DIRECTORY_SNAPSHOTS 4096 /* more are not looked at */

struct kept_snapshot {
	uint64_t number, time_ns, bytes;
	bool timer;  /* trigger TIMER: part of the time series */
	bool marked; /* SEEP_SNAPSHOT_MARK: it stays */
};

/* Ascending by number; at most `limit` of them, the smallest numbers. Returns how many; 0 also if the directory can't
 * be read. The descriptor's position is moved. */
size_t directory_list(const struct heap *heap, int directory, struct kept_snapshot *list, size_t limit);

/* Largest number among our snapshots; 0: there is none. */
uint64_t directory_last(const struct heap *heap, int directory);

/* Removes temporary files that a killed writer left. Only while holding the lease, of a dead program. */
void directory_clean(int directory);

#endif
