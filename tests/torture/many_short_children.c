/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many children that allocate a little and end, as a forking server makes
 * them, and a daemon's double fork whose grandchild outlives its parent. Each
 * recording holds its own process's blocks.
 *
 * torture: rate=64K
 * torture: recordings=62
 */
#include "torture.h"

#ifndef CHILDREN /* tests/soak has a thousand */
#define CHILDREN 60
#endif

static struct truth_site *site;

/* Certain to be sampled, so its size is known for certain, too. */
static SITE void site_child(size_t size)
{
	torture_hold = malloc(size);
	truth_allocated(site, size);
}

int main(void)
{
	int ended = 0, pipe_ends[2];
	truth_directory = ".";
	site = truth_add("site_child");
	free(malloc(4 << 20));
	for (int i = 0; i < CHILDREN; i++) {
		pid_t child = fork();
		if (child == 0) {
			site_child((4 << 20) + (size_t)i);
			if (i % 10 == 0)
				truth_write_own();
			_exit(i % 5);
		}
		if (i % 8 == 7)
			while (waitpid(-1, NULL, WNOHANG) > 0)
				ended++;
		while (i - ended > 40 && wait(NULL) > 0) /* each reserves space */
			ended++;
	}
	while (wait(NULL) > 0)
		ended++;
	printf("%d children ended\n", ended);
	fflush(stdout);
	EXPECT(pipe(pipe_ends) == 0);
	pid_t child = fork();
	if (child == 0) {
		setsid();
		if (fork() == 0) {
			site_child(5 << 20);
			truth_write_own();
			_exit(write(pipe_ends[1], "x", 1) != 1);
		}
		_exit(0);
	}
	wait_for(child, "the daemon's parent");
	char answer = 0;
	EXPECT(read(pipe_ends[0], &answer, 1) == 1 && answer == 'x');
	return 0;
}
