/* SPDX-License-Identifier: Apache-2.0 */
/* A heap file in memory, as a recording begins with it. */
#ifndef SEEP_TESTS_HEAP_MAKER_H
#define SEEP_TESTS_HEAP_MAKER_H

#include "keeper/heap/heap.h"

/* Anonymous shared memory of the size that `rate` and `max_live` ask for, bound to *heap. Free it with heap_unmake. */
void heap_make(struct heap *heap, uint64_t rate, uint64_t max_live);
void heap_unmake(struct heap *heap);

#endif
