/* SPDX-License-Identifier: Apache-2.0 */
/* The modules of a round of recycling: see recycle.h. Private to it. */
#ifndef SEEP_SNAPSHOT_RECYCLE_MODULES_H
#define SEEP_SNAPSHOT_RECYCLE_MODULES_H

#include <stdbool.h>
#include <stdint.h>

#include "keeper/heap/heap.h"

/* Entries that cannot be taken. */
uint32_t recycle_modules_used(const struct heap *heap);

/* Does the site's stack pass through a module that is no longer loaded? */
bool recycle_names_unloaded(const struct heap *heap, uint32_t site);

/* Claims, and gives up what no site names; how many entries were put into limbo or can be taken now. */
uint32_t recycle_modules(const struct heap *heap);

#endif
