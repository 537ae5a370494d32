/* SPDX-License-Identifier: Apache-2.0 */
/*
 * More events than the ring holds, in four threads at once, most of them
 * frees: a ring that is full may cost time, but never a free.
 */
#include "torture.h"

#define BLOCKS 15000

static struct truth_site *site;
static pthread_barrier_t barrier;

static SITE void site_burst(void **blocks)
{
	for (int i = 0; i < BLOCKS; i++) {
		blocks[i] = malloc(32);
		truth_allocated(site, 32);
	}
}

static void *run(void *unused)
{
	void **blocks = malloc(BLOCKS * sizeof *blocks);
	site_burst(blocks);
	pthread_barrier_wait(&barrier);
	for (int i = 0; i < BLOCKS - 10; i++) {
		free(blocks[i]);
		truth_freed(site, 32);
	}
	free(blocks);
	return unused;
}

int main(void)
{
	truth_directory = ".";
	site = truth_add("site_burst");
	free(malloc(1));
	pthread_barrier_init(&barrier, NULL, 4);
	pthread_t threads[4];
	for (int i = 0; i < 4; i++)
		threads[i] = start(run, NULL);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	truth_write("end");
	puts("done");
	return 0;
}
