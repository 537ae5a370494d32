/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Four threads free, move and allocate the same few sizes as fast as they can,
 * and hand blocks to one another, so that an address is with its next owner
 * the moment it is free. At the end the program knows what is alive.
 */
#include "torture.h"

#define SLOTS 64
#define TURNS 8000

static void *slots[SLOTS];
static struct truth_site *site;

static SITE void site_block(void *old, bool move, void **result)
{
	/* one call for both, so that there is one site: realloc(NULL) is malloc */
	*result = realloc(move ? old : NULL, 48);
	truth_allocated(site, 48);
	if (move && old)
		truth_freed(site, 48);
}

static void *run(void *argument)
{
	uint64_t seed = (uint64_t)(uintptr_t)argument;
	void *mine = NULL;
	for (int i = 0; i < TURNS; i++) {
		bool move = i % 3 == 0;
		void *old = mine;
		site_block(mine, move, &mine);
		if (!move && old) {
			free(old);
			truth_freed(site, 48);
		}
		mine = __atomic_exchange_n(&slots[truth_random(&seed, SLOTS)], mine, __ATOMIC_ACQ_REL);
	}
	if (mine) {
		free(mine);
		truth_freed(site, 48);
	}
	return NULL;
}

int main(void)
{
	truth_directory = ".";
	site = truth_add("site_block");
	free(malloc(1)); /* the recording begins before there are threads */
	pthread_t threads[4];
	for (uintptr_t i = 0; i < 4; i++)
		threads[i] = start(run, (void *)i);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	truth_write("end");
	puts("done");
	return 0;
}
