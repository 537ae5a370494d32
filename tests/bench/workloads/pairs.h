/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the synthetic workloads share: a generator, sizes, clocks. Sizes go
 * from 16 bytes to 2 KiB, skewed small: half of the blocks are below 90 bytes,
 * the mean is 320.
 */
#ifndef SEEP_BENCH_PAIRS_H
#define SEEP_BENCH_PAIRS_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define SIZES 4096 /* a power of two */

static inline uint64_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* The same sizes in every run. */
static inline void sizes_fill(uint16_t sizes[SIZES])
{
	uint64_t state = UINT64_C(0x9e3779b97f4a7c15);
	for (size_t i = 0; i < SIZES; i++) {
		double uniform = (double)(random_next(&state) >> 11) * 0x1p-53;
		sizes[i] = (uint16_t)(16 * exp2(7 * uniform * sqrt(uniform)));
	}
}

static inline uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;
	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

#endif
