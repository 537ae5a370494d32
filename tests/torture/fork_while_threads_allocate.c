/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Forks while eight threads allocate, so that the child inherits whatever
 * state their samples were in. Each child allocates, forks once more and ends.
 *
 * torture: rate=64K
 * torture: recordings=25
 */
#include "torture.h"

static bool stop;

static void *allocate(void *unused)
{
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
		allocate_and_free(2);
	return unused;
}

int main(void)
{
	pthread_t threads[8];
	int good = 0;
	for (int i = 0; i < 8; i++)
		threads[i] = start(allocate, NULL);
	for (int i = 0; i < 12; i++) {
		pid_t child = fork();
		if (child == 0) {
			int status = 1;
			free(malloc(4 << 20)); /* certain to be sampled */
			pid_t grandchild = fork();
			if (grandchild == 0) {
				free(malloc(4 << 20));
				_exit(7);
			}
			waitpid(grandchild, &status, 0);
			exit(WIFEXITED(status) ? WEXITSTATUS(status) + 1 : 99);
		}
		int status;
		waitpid(child, &status, 0);
		good += WIFEXITED(status) && WEXITSTATUS(status) == 8;
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	printf("%d children and grandchildren ended well\n", good);
	return 0;
}
