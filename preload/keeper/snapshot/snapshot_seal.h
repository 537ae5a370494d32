/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a snapshot image: packs the sections that were written plainly. */
#ifndef SEEP_SNAPSHOT_SNAPSHOT_SEAL_H
#define SEEP_SNAPSHOT_SNAPSHOT_SEAL_H

#include "keeper/snapshot/snapshot_writer.h"

/* Packs the sections, completes the header (its trigger, number, time and flags are the caller's) and hands the result
 * over. False: no memory. */
bool writer_seal(const struct snapshot_writer *image, const struct seep_snapshot_header *header,
		 struct seep_image *sealed);

#endif
