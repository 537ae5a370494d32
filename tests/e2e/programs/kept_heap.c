/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A heap of a known shape, for seep memory, by its argument:
 *
 *	pinned	every second block of 1,000 bytes is freed: none of their pages can be given back
 *	pages	of 40 blocks in a row, 39 are freed
 *	cached	four threads free 7 blocks of each of 60 sizes, and wait
 *	large	blocks with mappings of their own, one half of each touched
 *
 *	arenas	four threads with arenas of their own leave one block of 30
 *
 * Then it prints what its allocator says of itself, "ready", and waits for a line; then it calls malloc_trim(0), prints
 * "trimmed", and waits again.
 */
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT 40000

static void *blocks[COUNT];

static void *block_new(size_t size)
{
	void *block = malloc(size);
	memset(block, 1, size);
	return block;
}

/* Frees all but one of `each`. */
static void leave_one_of(size_t each, size_t size)
{
	for (size_t i = 0; i < COUNT; i++)
		blocks[i] = block_new(size);
	for (size_t i = 0; i < COUNT; i++)
		if (i % each)
			free(blocks[i]);
}

static pthread_barrier_t filled, never;

static void *cache_fill(void *argument)
{
	enum { EACH = 7, SIZES = 60 };
	void *mine[SIZES][EACH];
	for (size_t i = 0; i < SIZES; i++)
		for (size_t k = 0; k < EACH; k++)
			mine[i][k] = block_new(i * 16 + 20);
	for (size_t i = 0; i < SIZES; i++)
		for (size_t k = 0; k < EACH; k++)
			free(mine[i][k]);
	pthread_barrier_wait(&filled);
	pthread_barrier_wait(&never);
	return argument;
}

static void *arena_fill(void *argument)
{
	static void *theirs[4][COUNT];
	void **mine = theirs[*(int *)argument];
	for (size_t i = 0; i < COUNT / 4; i++)
		mine[i] = block_new(i * 7919 % 2500 + 24);
	for (size_t i = 0; i < COUNT / 4; i++)
		if (i % 30)
			free(mine[i]);
	pthread_barrier_wait(&filled);
	pthread_barrier_wait(&never);
	return argument;
}

static void threads_run(void *(*run)(void *))
{
	enum { THREADS = 4 };
	static int numbers[THREADS] = {0, 1, 2, 3};
	pthread_barrier_init(&filled, NULL, THREADS + 1);
	pthread_barrier_init(&never, NULL, THREADS + 1);
	for (int i = 0; i < THREADS; i++) {
		pthread_t thread;
		pthread_create(&thread, NULL, run, &numbers[i]);
	}
	pthread_barrier_wait(&filled);
}

static void large_make(void)
{
	for (size_t i = 0; i < 16; i++) {
		char *block = malloc(4 << 20);
		memset(block, 1, 2 << 20);
		blocks[i] = block;
	}
}

int main(int argc, char **argv)
{
	const char *shape = argc == 2 ? argv[1] : "";
	if (strcmp(shape, "pinned") == 0)
		leave_one_of(2, 1000);
	else if (strcmp(shape, "pages") == 0)
		leave_one_of(40, 1000);
	else if (strcmp(shape, "cached") == 0)
		threads_run(cache_fill);
	else if (strcmp(shape, "arenas") == 0)
		threads_run(arena_fill);
	else if (strcmp(shape, "large") == 0)
		large_make();
	const struct mallinfo2 info = mallinfo2();
	printf("in_use %zu\nfree %zu\ntop %zu\nready\n", info.uordblks + info.hblkhd, info.fordblks, info.keepcost);
	fflush(stdout);
	getchar();
	malloc_trim(0);
	printf("trimmed\n");
	fflush(stdout);
	pause();
	return 0;
}
