/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One thread unshares again and again, which wants no other thread, while another locks the program's memory, which wants
 * the holes of the heap file left alone. The keeper is a thread here: each of the two calls has it go away meanwhile, for
 * half a second at most. On a machine where that is not enough, another child tries again.
 * torture: recordings=some
 * torture: ways=preload
 * torture: because=seep run has its keeper outside
 */
#include <sched.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "torture.h"

#define FILES_MOST_KILOBYTES 30000 /* of 100,000 that the heap file of this test has */
#define LOCKS 40
#define TRIES 4

static atomic_bool done;

static void *unshares(void *argument)
{
	while (!done) {
		EXPECT(unshare(CLONE_THREAD) == -1 && errno == EINVAL);
		usleep(1000);
	}
	return argument;
}

static bool holes_stay(void)
{
	pthread_t thread;
	bool stay = true;
	allocate_and_free(300);
	if (pthread_create(&thread, NULL, unshares, NULL) != 0)
		return false;
	for (int i = 0; i < LOCKS && stay; i++) {
		EXPECT(mlockall(MCL_CURRENT) == 0);
		munlockall();
		stay = i % 8 || files_kilobytes() < FILES_MOST_KILOBYTES;
	}
	stay = stay && files_kilobytes() < FILES_MOST_KILOBYTES;
	done = true;
	pthread_join(thread, NULL);
	return stay;
}

int main(void)
{
	int status = 1;
	prctl(PR_SET_CHILD_SUBREAPER, 1); /* it would see a keeper that is a process */
	if (mlockall(MCL_CURRENT) != 0 || munlockall() != 0)
		return 0; /* it may not: only root may, here and without us */
	allocate_and_free(10);
	for (int i = 0; i < TRIES && status; i++) {
		pid_t child = fork();
		if (child == 0)
			exit(holes_stay() ? 0 : 1);
		while (waitpid(child, &status, 0) < 0 && errno == EINTR)
			;
	}
	EXPECT(status == 0);
	return 0;
}
