/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs that wrote to memory they had given back: what is latent must stay
 * so at the end, and a handler that ends a program which crashed inside malloc,
 * with the allocator's lock held, must be able to end it.
 *
 * torture: recordings=some
 */
#include <fcntl.h>

#include "torture.h"

static void *idles(void *unused)
{
	pause();
	return unused;
}

static void leave(int signal)
{
	(void)signal;
	exit(9);
}

#define BLOCKS 40

/* More frees than libc's cache of the thread holds: the other blocks go to lists of the arena, whose links are
 * overwritten. */
static char *damage(size_t size)
{
	static char *volatile blocks[BLOCKS];
	for (int i = 0; i < BLOCKS; i++)
		blocks[i] = malloc(size);
	for (int i = 0; i < BLOCKS; i += 2) /* no two neighbours, which would be merged */
		free(blocks[i]);
	for (int i = 0; i < BLOCKS; i += 2)
		memset(blocks[i], 0x40, 16);
	return blocks[0];
}

static void crash(int number)
{
	struct sigaction action = {.sa_handler = leave};
	static const size_t sizes[] = {40, 1500};
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGABRT, &action, NULL);
	dup2(open("/dev/null", O_WRONLY), 2); /* libc's message before it aborts */
	start(idles, NULL);
	damage(sizes[number % 2]);
	for (int i = 0; i < 2000; i++)
		torture_hold = malloc((size_t)i % 2000 + 8);
	exit(9); /* not every allocator minds */
}

int main(void)
{
	for (int number = 0; number < 4; number++) {
		fflush(stdout);
		pid_t pid = fork();
		if (pid == 0) {
			if (number < 2)
				crash(number);
			torture_hold = damage(number == 2 ? 40 : 1500);
			exit(3);
		}
		wait_for(pid, number < 2 ? "crashed" : "latent");
	}
	return 0;
}
