/* SPDX-License-Identifier: Apache-2.0 */
/* How many bytes of the heap an allocator takes for a block of a given size. */
#ifndef SEEP_ACCOUNT_ROUNDING_H
#define SEEP_ACCOUNT_ROUNDING_H

#include <stdbool.h>
#include <stdint.h>

/* The bytes taken, at least `size`. False: seep does not know this allocator's rule. */
bool rounding_of(const char *allocator, uint64_t size, uint64_t *taken);

#endif
