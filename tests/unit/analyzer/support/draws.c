/* SPDX-License-Identifier: Apache-2.0 */
/* Samples of a program that allocates: see draws.h. */
#include "support/draws.h"

#include <math.h>

#include "statistics/measure.h"

static uint64_t random_state;

void random_seed(uint64_t seed)
{
	random_state = seed;
}

/* Steele, Lea & Flood, SplitMix64. */
double random_unit(void)
{
	uint64_t z = random_state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	z ^= z >> 31;
	return ((double)(z >> 11) + 1) / 9007199254740992.0;
}

double program_allocate(struct seep_measure *measure, uint64_t size, double total)
{
	const double objects = floor(total / (double)size + 0.5);
	double next = 0; /* object that is looked at */

	for (;;) {
		next = floor(next + -RATE * log(random_unit()) / (double)size);
		if (next >= objects)
			return objects * (double)size;
		measure_add_sample(measure, size, RATE);
		next++;
	}
}
