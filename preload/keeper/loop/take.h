/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Taking a snapshot of a recording: build, number, write, thin the older ones.
 * Only the holder of the lease does this, in the target or outside it.
 */
#ifndef SEEP_LOOP_TAKE_H
#define SEEP_LOOP_TAKE_H

#include <stdbool.h>

#include "keeper/snapshot/build.h"

/* The number used goes to *number. A failure is counted (SEEP_LOSS_SNAPSHOTS_FAILED) and leaves nothing behind.
 * `durable`: wait for the disk. */
bool snapshot_take(const struct heap *heap, int directory, const struct build_options *options, bool durable,
		   uint64_t *number, struct seep_fault *fault);

#endif
