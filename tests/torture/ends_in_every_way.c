/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Children end in every way there is. Each leaves a recording that can be read
 * and that knows what was alive.
 *
 * torture: rate=64K
 * torture: recordings=10
 */
#include "torture.h"

static void *exits(void *unused)
{
	exit(21);
	return unused;
}

static void *leaves(void *unused)
{
	allocate_and_free(5);
	return unused;
}

static void quick(void)
{
	allocate_and_free(5);
}

int main(void)
{
	static const char *const ways[] = {"_exit",        "quick_exit", "abort",
					   "kill",         "segv",       "exit in a thread",
					   "pthread_exit", "term",       "stack overflow"};
	at_quick_exit(quick);
	free(malloc(4 << 20)); /* certain to be sampled */
	for (int way = 0; way < 9; way++) {
		fflush(stdout);
		pid_t child = fork();
		if (child == 0) {
			for (int i = 0; i < 100; i++)
				torture_hold = malloc(40000);
			switch (way) {
			case 0:
				_exit(20);
			case 1:
				quick_exit(22);
			case 2:
				abort();
			case 3:
				raise(SIGKILL);
			case 4:
				*(volatile int *)16 = 1;
			case 5:
				pthread_join(start(exits, NULL), NULL);
			case 6:
				start(leaves, NULL);
				pthread_exit(NULL);
			case 7:
				raise(SIGTERM);
			default:;
				volatile char *deep = (volatile char *)&deep;
				for (;; deep -= 4096)
					*deep = 0;
			}
		}
		wait_for(child, ways[way]);
	}
	return 0;
}
