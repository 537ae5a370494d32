/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers that look random and are the same in every run. */
#ifndef SEEP_TESTS_RANDOM_H
#define SEEP_TESTS_RANDOM_H

#include <stdint.h>

/* Marsaglia's xorshift64. `state` is never 0, and also the number. */
static inline uint64_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

#endif
