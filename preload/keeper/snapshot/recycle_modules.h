/* SPDX-License-Identifier: Apache-2.0 */
/* The modules of a round of recycling: see recycle.h. Private to it. */
#ifndef SEEP_SNAPSHOT_RECYCLE_MODULES_H
#define SEEP_SNAPSHOT_RECYCLE_MODULES_H

#include <stdbool.h>
#include <stdint.h>

#include "keeper/heap/heap.h"

/* The number of entries that are in use. */
uint32_t recycle_modules_used(const struct heap *heap);

/* Does the site's stack pass through a module that is no longer loaded? */
bool recycle_names_unloaded(const struct heap *heap, uint32_t site);

/* Claims entries, and gives up those that no site names. Returns how many were put into limbo or can be taken now. */
uint32_t recycle_modules(const struct heap *heap);

#endif
