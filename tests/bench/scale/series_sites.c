/* SPDX-License-Identifier: Apache-2.0 */
/* Every block's birth and death follow from the numbers of its site and of itself, so that any moment can be made alone. */
#include "series_sites.h"

#include <math.h>

#define BLOCKS 4096 /* numbers that a site's blocks may have */

/* A site's blocks come one after the other. Times are in moments. */
struct kind {
	double period, life; /* on average */
	double until;        /* no block comes after it */
};

static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return x ^ x >> 31;
}

static double uniform(uint64_t seed)
{
	return (double)(mix(seed) >> 11) * 0x1p-53;
}

static struct kind kind_of(size_t index, double moments)
{
	const uint64_t draw = mix(index + 7) % 100;

	if (draw < 1)
		return (struct kind){8, INFINITY, moments}; /* leaks */
	if (draw < 2)
		return (struct kind){4, 32, moments}; /* a cache that fills, and is full */
	if (draw < 3)
		return (struct kind){4, INFINITY, moments / 2}; /* has stopped */
	if (draw < 5)
		return (struct kind){2, 8, moments}; /* sessions */
	if (draw < 50)
		return (struct kind){1.5, 3, moments}; /* churns */
	return (struct kind){0.001, INFINITY, 0.001};  /* stays */
}

static void sum_add(struct seep_sum *sum, double weight, double variance)
{
	sum->uncertain += weight;
	sum->variance += variance;
	sum->largest = fmax(sum->largest, weight);
}

void sample_add(struct seep_measure *measure, double size, double rate)
{
	const double objects = 1 / (1 - exp(-size / rate)), variance = objects * (objects - 1);

	measure->samples++;
	sum_add(&measure->bytes, size * objects, size * size * variance);
	sum_add(&measure->objects, objects, variance);
}

bool series_site_is_there(size_t index, const struct series_time *time)
{
	return mix(index + 3) % 16 != 0 || mix(index + 5) % time->moments <= time->moment;
}

size_t series_site_fill(struct seep_site *site, struct seep_live *live, size_t index, uint32_t number,
			const struct series_time *time)
{
	const struct kind kind = kind_of(index, (double)time->moments);
	const double now = (double)time->moment, last = fmin(now, kind.until), rate = (double)time->rate;
	size_t count = 0;

	for (uint64_t k = 0; kind.period * (double)k <= last && count < SERIES_LIVE_MOST; k++) {
		const uint64_t block = index * BLOCKS + k;
		const double birth = kind.period * ((double)k + uniform(block));
		const double size = 16 + (double)(mix(index + (k % 3) * 1000003) % 4096);
		if (birth > last)
			break;
		sample_add(&site->allocated, size, rate);
		if (birth + kind.life * (0.5 + uniform(block + 77)) < now) {
			sample_add(&site->freed, size, rate);
			continue;
		}
		sample_add(&site->in_use, size, rate);
		live[count++] =
		    (struct seep_live){.address = 0x10000 + mix(block) % (1ull << 40) * 16,
				       .size = (uint64_t)size,
				       .birth_ns = time->start_ns + (uint64_t)(birth * (double)time->interval_ns),
				       .rate = time->rate,
				       .site = number,
				       .thread = 1};
	}
	return count;
}
