/* SPDX-License-Identifier: Apache-2.0 */
/* How many bytes of its heap an allocator takes for a block of a given size. */
#ifndef SEEP_ACCOUNT_ROUNDING_H
#define SEEP_ACCOUNT_ROUNDING_H

#include <stdbool.h>
#include <stdint.h>

/* Bytes taken, `size` or more. False: the allocator's rule is not known here. */
bool rounding_of(const char *allocator, uint64_t size, uint64_t *taken);

#endif
