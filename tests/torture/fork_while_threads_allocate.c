/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Forks while threads allocate, eight in make torture, so that the child inherits whatever
 * state their samples were in. Each child allocates, forks once more and ends;
 * its recording holds its own blocks and none of the threads'.
 *
 * torture: rate=64K
 * torture: recordings=25
 */
#include "torture.h"

static bool stop;

static struct truth_site *site;

/* Certain to be sampled, so its size is known for certain, too. */
static SITE void site_child(bool keep)
{
	void *block = malloc(4 << 20);
	truth_allocated(site, 4 << 20);
	torture_hold = block;
	if (!keep) {
		free(block);
		truth_freed(site, 4 << 20);
	}
}

static void *allocate(void *unused)
{
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
		allocate_and_free(2);
	return unused;
}

int main(void)
{
	pthread_t threads[8];
	const char *pairs = getenv("PAIRS"); /* see run.sh */
	const int count = pairs && *pairs ? 4 : 8;
	int good = 0;
	truth_directory = ".";
	site = truth_add("site_child");
	for (int i = 0; i < count; i++)
		threads[i] = start(allocate, NULL);
	for (int i = 0; i < 12; i++) {
		pid_t child = fork();
		if (child == 0) {
			int status = 1;
			site_child(false);
			site_child(true);
			pid_t grandchild = fork();
			if (grandchild == 0) {
				truth_begin_child();
				site_child(true);
				if (i % 4 == 0)
					truth_write_own();
				_exit(7);
			}
			waitpid(grandchild, &status, 0);
			if (i % 4 == 0)
				truth_write_own();
			exit(WIFEXITED(status) ? WEXITSTATUS(status) + 1 : 99);
		}
		int status;
		waitpid(child, &status, 0);
		good += WIFEXITED(status) && WEXITSTATUS(status) == 8;
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (int i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	printf("%d children and grandchildren ended well\n", good);
	return 0;
}
