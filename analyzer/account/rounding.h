/* SPDX-License-Identifier: Apache-2.0 */
/* How many bytes an allocator takes from its heap for a block that was asked for with so many. */
#ifndef SEEP_ACCOUNT_ROUNDING_H
#define SEEP_ACCOUNT_ROUNDING_H

#include <stdbool.h>
#include <stdint.h>

/* Bytes taken, `size` or more. False: the allocator's rule is not known here. */
bool rounding_of(const char *allocator, uint64_t size, uint64_t *taken);

#endif
