/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads count on descriptors, as POSIX lets them, while another takes the first sample of its process: a new one has the
 * lowest free number, a forked child has those of its parent and no others, and who closes all but three closes nobody
 * else's file.
 *
 * torture: rate=16K
 * torture: recordings=any
 * torture: because=a child may end as its recording begins
 */
#include <fcntl.h>
#include <sched.h>

#include "torture.h"

enum { CHILDREN = 32, FORKS = 2 };

static volatile bool begun, over;

static void *sample(void *unused)
{
	while (!begun)
		sched_yield();
	for (int i = 0; i < 60; i++)
		free((torture_hold = malloc(4000)));
	over = true;
	return unused;
}

static bool others_are_open(void)
{
	for (int i = 3; i < 16; i++)
		if (fcntl(i, F_GETFD) >= 0)
			return true;
	return false;
}

static bool fork_finds_others(void)
{
	int status = 0;
	pid_t child = fork();
	if (child == 0)
		_exit(others_are_open());
	return waitpid(child, &status, 0) != child || status != 0;
}

/* Bits of what was not so. */
static int count_on_numbers(bool closes_all)
{
	int wrong = 0, forks = 0;
	pthread_t other = start(sample, NULL);
	begun = true;
	while (!over) {
		int next = dup(1), low;
		wrong |= next == 3 ? 0 : 1;
		close(next);
		close(0);
		low = open("/dev/null", O_RDONLY);
		wrong |= low == 0 ? 0 : 2;
		dup2(low, 0);
		if (closes_all)
			closefrom(3);
		if (forks++ < FORKS)
			wrong |= fork_finds_others() ? 4 : 0;
	}
	pthread_join(other, NULL);
	return wrong;
}

int main(void)
{
	int wrong = 0;
	closefrom(3);
	for (int i = 0; i < CHILDREN; i++) {
		int status = 0;
		pid_t child = fork();
		if (child == 0)
			_exit(count_on_numbers(i % 4 == 0));
		EXPECT(waitpid(child, &status, 0) == child);
		wrong |= status;
	}
	printf("status of all children: %x\n", wrong);
	return 0;
}
