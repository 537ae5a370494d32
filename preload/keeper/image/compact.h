/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compact sections (docs/SNAPSHOT_FORMAT.md): NODES, SITES, LIFETIMES and LIVE as
 * differences from what a reader expects, a byte or two for most numbers.
 * seep_section_expand() is the way back, for readers.
 */
#ifndef SEEP_IMAGE_COMPACT_H
#define SEEP_IMAGE_COMPACT_H

#include <stdbool.h>
#include <stdint.h>

#include "keeper/image/snapshot_writer.h"

bool compact_is_for(enum seep_section_type type);

/* Adds the entries' compact bytes to the image. False: no memory. */
bool compact_add(struct snapshot_writer *image, enum seep_section_type type, const void *entries, uint32_t count);

#endif
