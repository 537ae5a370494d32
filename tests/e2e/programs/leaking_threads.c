/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leaks in four threads: one site that all of them share, objects handed from
 * thread to thread, caches of each thread's own; see leaking.c for the command
 * line and the names. Half of the threads end between the marks and others
 * take their place.
 */
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "truth.h"

#define THREADS 4
#define STEPS 2500
#define CACHE_SLOTS 800
#define QUEUE_SLOTS 256

static void *volatile kept;
static struct truth_site *shared_leak, *own_leak, *handed, *handed_leak, *cached, *churned;
static uint64_t first_seed;
static pthread_barrier_t marked;

static SITE void leak_shared(void)
{
	kept = memset(malloc(96), 1, 96);
	truth_allocated(shared_leak, 96);
}

static SITE void leak_of_one_thread(void)
{
	kept = malloc(800);
	truth_allocated(own_leak, 800);
}

/* Objects go through this queue; the next thread that comes frees the object in the slot. */
static void *queue[QUEUE_SLOTS];

static SITE void cache_handed(uint32_t slot)
{
	void *object = memset(malloc(250), 1, 250);
	truth_allocated(handed, 250);
	void *before = __atomic_exchange_n(&queue[slot], object, __ATOMIC_ACQ_REL);
	if (before) {
		free(before);
		truth_freed(handed, 250);
	}
}

/* Nine of ten are freed by another thread, the tenth by nobody. */
static SITE void *leak_some_handed(void)
{
	truth_allocated(handed_leak, 180);
	return memset(malloc(180), 1, 180);
}

static void free_some(void **slot, void *object, int step)
{
	void *before = __atomic_exchange_n(slot, object, __ATOMIC_ACQ_REL);
	if (before && step % 10) {
		free(before);
		truth_freed(handed_leak, 180);
	}
}

static SITE void *cache_of_thread(void)
{
	truth_allocated(cached, 300);
	return memset(malloc(300), 1, 300);
}

static SITE void churn(uint64_t *seed)
{
	size_t size = 1 + truth_random(seed, 1000);
	void *object = realloc(NULL, size);
	truth_allocated(churned, size);
	kept = object;
	free(object);
	truth_freed(churned, size);
}

/* Each thread's slots outlive it: the thread that takes its place goes on with them. */
static void *slots[THREADS][CACHE_SLOTS], *exchange[THREADS];

static void cache_replace(int number, uint32_t i)
{
	if (slots[number][i]) {
		free(slots[number][i]);
		truth_freed(cached, 300);
	}
	slots[number][i] = cache_of_thread();
}

/* All caches are full after the first step, and each function is called from one place, so that a site has one stack.
 */
static void *run(void *argument)
{
	int number = (int)(intptr_t)argument % THREADS;
	bool takes_over = (intptr_t)argument >= THREADS;
	uint64_t seed = first_seed + 1000 * (uint64_t)(intptr_t)argument;
	for (int step = takes_over ? STEPS : 0; step < 3 * STEPS; step++) {
		if (step == STEPS && !takes_over) {
			pthread_barrier_wait(&marked);
			pthread_barrier_wait(&marked);
			if (number % 2)
				return NULL;
		}
		leak_shared();
		if (number == 2 && step % 2 == 0)
			leak_of_one_thread();
		for (uint32_t i = 0; i < (step ? 1 : QUEUE_SLOTS); i++)
			cache_handed(step ? truth_random(&seed, QUEUE_SLOTS) : i);
		free_some(&exchange[(number + 1) % THREADS], leak_some_handed(), step);
		for (uint32_t i = 0; i < (step ? 1 : CACHE_SLOTS); i++)
			cache_replace(number, step ? truth_random(&seed, CACHE_SLOTS) : i);
		for (int i = 0; i < 2; i++)
			churn(&seed);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	truth_directory = argc > 1 ? argv[1] : NULL;
	first_seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	shared_leak = truth_add("leak_shared");
	own_leak = truth_add("leak_of_one_thread");
	handed = truth_add("cache_handed");
	handed_leak = truth_add("leak_some_handed");
	cached = truth_add("cache_of_thread");
	churned = truth_add("churn");

	/* Allocates enough to begin the recording before there are threads: what they allocate while one of them sets
	 * it up is counted as lost. */
	free(malloc(1 << 20));
	pthread_t threads[THREADS];
	pthread_barrier_init(&marked, NULL, THREADS + 1);
	for (intptr_t i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, run, (void *)i))
			abort();
	pthread_barrier_wait(&marked);
	truth_mark("first");
	pthread_barrier_wait(&marked);
	for (intptr_t i = 1; i < THREADS; i += 2) {
		pthread_join(threads[i], NULL);
		if (pthread_create(&threads[i], NULL, run, (void *)(i + THREADS)))
			abort();
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	truth_mark("second");
	truth_write("end");
	return 0;
}
