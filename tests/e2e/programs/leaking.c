/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leaks in C at sites of known size and rate, between sites that do not leak: caches that replace, a start-up table, a
 * pool that shrinks, churn.
 *
 * *       leaking DIRECTORY SEED          marks "first" and "second", last account in truth.end
 *
 * Sites named leak_ grow between the marks, those named shrinking_ shrink; all others are as large at the second mark
 * as at the first, to the byte.
 */
#include <malloc.h>
#include <string.h>

#include "truth.h"

#define CACHE_SLOTS 3000
#define POOL_SLOTS 8000
#define BUFFERS 40

static uint64_t seed;
static void *volatile kept; /* the compiler must not see through a leak */

static SITE void leak_small(struct truth_site *site)
{
	kept = memset(malloc(64), 1, 64);
	truth_allocated(site, 64);
}

static SITE void leak_mixed(struct truth_site *site)
{
	size_t size = 1 + truth_random(&seed, 3000);
	kept = memset(malloc(size), 1, size);
	truth_allocated(site, size);
}

/* Beyond 9.2 rates of 8K: each is certain to be seen. */
static SITE void leak_large(struct truth_site *site)
{
	kept = malloc(100000);
	truth_allocated(site, 100000);
}

static SITE void leak_zeroed(struct truth_site *site)
{
	kept = calloc(3, 100);
	truth_allocated(site, 300);
}

static SITE void leak_aligned(struct truth_site *site)
{
	kept = aligned_alloc(64, 512);
	truth_allocated(site, 512);
}

static SITE void leak_text(struct truth_site *site)
{
	static char text[201];
	memset(text, 'x', 200);
	kept = strdup(text);
	truth_allocated(site, 201);
}

/* Buffers that grow and are never given back: each step frees the old and allocates the whole new size. */
static SITE void leak_grown(struct truth_site *site)
{
	static char *buffers[BUFFERS];
	static size_t sizes[BUFFERS];
	uint32_t i = truth_random(&seed, BUFFERS);
	size_t larger = sizes[i] + 1500;
	buffers[i] = realloc(buffers[i], larger);
	if (sizes[i])
		truth_freed(site, sizes[i]);
	truth_allocated(site, larger);
	sizes[i] = larger;
}

static SITE void *cache_fill(struct truth_site *site, size_t size)
{
	truth_allocated(site, size);
	return malloc(size);
}

/* The slots are filled one by one, then replaced at random. */
static SITE void cache_small(struct truth_site *site)
{
	static void *slots[CACHE_SLOTS];
	static uint32_t filled;
	uint32_t i = filled < CACHE_SLOTS ? filled++ : truth_random(&seed, CACHE_SLOTS);
	if (slots[i]) {
		free(slots[i]);
		truth_freed(site, 700);
	}
	slots[i] = cache_fill(site, 700);
}

/* A few objects that are always seen, replaced at the same place. */
static SITE void cache_large(struct truth_site *site)
{
	static void *slots[8];
	static uint32_t filled;
	uint32_t i = filled < 8 ? filled++ : truth_random(&seed, 8);
	if (slots[i]) {
		free(slots[i]);
		truth_freed(site, 90000);
	}
	slots[i] = cache_fill(site, 90000);
}

static SITE void table_at_start(struct truth_site *site)
{
	for (int i = 0; i < 3000; i++) {
		kept = malloc(160);
		truth_allocated(site, 160);
	}
}

static void *pool[POOL_SLOTS];

static SITE void shrinking_pool(struct truth_site *site)
{
	for (int i = 0; i < POOL_SLOTS; i++) {
		pool[i] = malloc(200);
		truth_allocated(site, 200);
	}
}

static void pool_shrink(struct truth_site *site)
{
	for (int i = 0; i < POOL_SLOTS * 3 / 4; i++) {
		free(pool[i]);
		truth_freed(site, 200);
	}
}

static SITE void churn(struct truth_site *site)
{
	size_t size = 16 + truth_random(&seed, 400);
	void *object = malloc(size);
	truth_allocated(site, size);
	memset(object, 1, size);
	kept = object;
	free(object);
	truth_freed(site, size);
}

int main(int argc, char **argv)
{
	truth_directory = argc > 1 ? argv[1] : NULL;
	seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	struct truth_site *small = truth_add("leak_small"), *mixed = truth_add("leak_mixed"),
			  *large = truth_add("leak_large"), *zeroed = truth_add("leak_zeroed"),
			  *aligned = truth_add("leak_aligned"), *text = truth_add("leak_text"),
			  *grown = truth_add("leak_grown"), *cache = truth_add("cache_small"),
			  *cached_large = truth_add("cache_large"), *table = truth_add("table_at_start"),
			  *shrinking = truth_add("shrinking_pool"), *churned = truth_add("churn");

	table_at_start(table);
	shrinking_pool(shrinking);
	for (int step = 0; step < 13000; step++) {
		if (step == 4000)
			truth_mark("first");
		if (step == 12000) {
			pool_shrink(shrinking);
			truth_mark("second");
		}
		leak_small(small);
		if (step % 8 == 0)
			leak_mixed(mixed);
		if (step % 250 == 0)
			leak_large(large);
		if (step % 2 == 0)
			leak_zeroed(zeroed);
		if (step % 4 == 0)
			leak_aligned(aligned);
		if (step % 3 == 0)
			leak_text(text);
		if (step % 8 == 0)
			leak_grown(grown);
		/* one call only, so that each site has one stack */
		for (int i = step ? 1 : CACHE_SLOTS; i > 0; i--)
			cache_small(cache);
		if (step % 50 == 0)
			cache_large(cached_large);
		for (int i = 0; i < 5; i++)
			churn(churned);
	}
	truth_write("end");
	return 0;
}
