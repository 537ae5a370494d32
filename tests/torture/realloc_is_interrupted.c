/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In the middle of a realloc another thread gets the old block's address, and frees or resizes what it has there;
 * reallocs fail; and at last the program is killed in one, before the old block is free: it is what the recording has.
 *
 * torture: preload=slow_realloc
 * torture: allocators=glibc
 */
#include <dlfcn.h>
#include <malloc.h>

#include "torture.h"

enum { BLOCK = 1 << 20, ROUNDS = 24 };
static struct truth_site *other, *mine, *killed;
static void *blocks[ROUNDS], *address;
static int round_number, met;
static void (**copied)(void), (**freed)(void);

static SITE void site_other(void)
{
	char *memory = malloc(BLOCK);
	met += memory == address;
	memory[0] = 1;
	truth_allocated(other, BLOCK);
	if (round_number % 3 == 0) {
		free(memory);
		truth_freed(other, BLOCK);
	} else if (round_number % 3 == 1) {
		blocks[round_number] = realloc(memory, BLOCK + 4096);
		truth_freed(other, BLOCK);
		truth_allocated(other, BLOCK + 4096);
	}
}

static void *run(void *unused)
{
	site_other();
	return unused;
}

static void another_thread(void)
{
	void (*saved)(void) = *freed;
	*freed = NULL;
	pthread_join(start(run, NULL), NULL);
	*freed = saved;
}

static SITE void site_mine(void)
{
	for (round_number = 0; round_number < ROUNDS; round_number++) {
		void *volatile memory = malloc(BLOCK);
		address = memory;
		truth_allocated(mine, BLOCK);
		EXPECT(!realloc(memory, (size_t)-1 / 4));
		EXPECT(!reallocarray(memory, (size_t)-1 / 4, 8));
		memory = round_number % 2 ? realloc(memory, BLOCK * 2) : reallocarray(memory, 2, BLOCK);
		truth_freed(mine, BLOCK);
		truth_allocated(mine, BLOCK * 2);
		if (round_number % 4 == 0) {
			memory = realloc(memory, 0);
			truth_freed(mine, BLOCK * 2);
		}
	}
}

static void be_killed(void)
{
	truth_write("end");
	fflush(stdout);
	raise(SIGKILL);
}

static SITE void site_killed(void)
{
	void *volatile memory = malloc(50 << 20);
	truth_allocated(killed, 50 << 20);
	memory = realloc(memory, 100 << 20);
}

static void *idle(void *unused)
{
	return unused;
}

int main(void)
{
	mallopt(M_MMAP_THRESHOLD, 65536); /* a block that is free is the next one's address */
	truth_directory = ".";
	other = truth_add("site_other");
	mine = truth_add("site_mine");
	killed = truth_add("site_killed");
	*(void **)&copied = dlsym(RTLD_DEFAULT, "slow_copied");
	*(void **)&freed = dlsym(RTLD_DEFAULT, "slow_freed");
	EXPECT(copied && freed);
	pthread_join(start(idle, NULL), NULL); /* memory that a first thread takes once is not taken again */
	*freed = another_thread;
	site_mine();
	EXPECT(met > 0);
	*freed = NULL;
	*copied = be_killed;
	site_killed();
	puts("it was not killed");
	return 0;
}
