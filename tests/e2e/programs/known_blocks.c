/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs whose lost blocks are known: known_blocks PROGRAM [PLUGIN]. Once "ready" is printed, nothing references the
 * blocks that functions named lose_... have allocated; those of keep_... are referenced all the time. It ends when its
 * input does.
 */
#define _GNU_SOURCE
#include "known_blocks.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int fds[2];

void say_there(void)
{
	if (write(fds[1], "t", 1) != 1)
		abort();
}

void wait_there(int count)
{
	char byte;

	while (count--)
		if (read(fds[0], &byte, 1) != 1)
			abort();
}

APART void stay(void)
{
	say_there();
	for (;;)
		pause();
}

APART void *filled(size_t bytes)
{
	return memset(malloc(bytes), 1, bytes);
}

void *map(int flags)
{
	return mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | flags, -1, 0);
}

pthread_t thread_make(void *(*run)(void *))
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, run, NULL))
		abort();
	return thread;
}

/* Words that freed memory still has: small tables, which go to the thread's cache, larger ones, and those of an ended thread. */
static APART void lose_behind_small(void)
{
	EACH(i) if (i < 7)
	{
		void **freed = malloc(30 * sizeof *freed);
		for (int k = 0; k < 30; k++)
			freed[k] = filled(270);
		free(freed);
	}
}
static APART void lose_behind_large(void)
{
	void **freed = table_make(), *after = malloc(3000);

	free(freed);
	malloc(3000);
	free(after);
}
static APART void *lose_behind_arena(void *unused)
{
	(void)unused;
	lose_behind_large();
	return NULL;
}
static void freed(void)
{
	pthread_t thread = thread_make(lose_behind_arena);

	lose_behind_small(), lose_behind_large();
	pthread_join(thread, NULL);
	keep_table();
}

/* Memory that comes and goes during the look, sizes that can't be, blocks that look like free chunks, pages that a copy gets empty. */
void *damaged[N], *alike[N];
static APART void keep_beside_damage(void)
{
	EACH(i) damaged[i] = filled(280);
	for (int i = 0; i < N; i += 7)
		((uint64_t *)damaged[i])[-1] ^= UINT64_C(0xdeadbeef0000);
}
static APART void keep_in_lookalike(void)
{
	EACH(i)
	{
		uint64_t *words = alike[i] = filled(290);
		words[1] = 0x41; /* a free chunk of 64 bytes amid the block, as the next header says */
		words[8] = 0x40;
		words[9] = 0x40;
		words[4] = (uint64_t)(uintptr_t)filled(300);
	}
}
static APART void keep_in_wiped(void)
{
	void **mapping = map(MAP_PRIVATE);

	if (madvise(mapping, STACK, MADV_WIPEONFORK))
		abort();
	EACH(i) mapping[i] = filled(310);
}
static APART void lose_amid_noise(void)
{
	EACH(i)(void) * (volatile char *)filled(320);
}
static void *come_and_go(void *unused)
{
	for (;;) {
		char *mapping = map(MAP_PRIVATE), *block = filled(200000);
		memset(mapping, 1, STACK);
		munmap(mapping, STACK);
		free(block);
		usleep(200);
	}
	return unused;
}
static void disturbed(void)
{
	keep_in_lookalike(), keep_in_wiped(), lose_amid_noise(), keep_beside_damage();
	thread_make(come_and_go), thread_make(come_and_go);
}

static APART void scrub(void)
{
	volatile char room[STACK];

	memset((void *)room, 0, sizeof room);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} programs[] = {{"lists", lists},        {"trees", trees},         {"tables", tables}, {"interior", interior},
			{"locals", locals},      {"registers", registers}, {"stacks", stacks}, {"fibers", fibers},
			{"mapped", mapped},      {"library", library},     {"marked", marked}, {"freed", freed},
			{"disturbed", disturbed}};
	char byte;

	if (argc < 2 || pipe(fds))
		return 2;
	if (strcmp(argv[1], "modules") == 0 && argc == 4)
		modules(argv[2], argv[3]);
	for (size_t i = 0; i < sizeof programs / sizeof *programs; i++)
		if (strcmp(argv[1], programs[i].name) == 0)
			programs[i].run();
	scrub();
	puts("ready");
	fflush(stdout);
	while (read(0, &byte, 1) > 0 || errno == EINTR)
		continue;
	_exit(0);
}
