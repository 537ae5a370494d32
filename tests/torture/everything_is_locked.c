/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A real-time program locks all its memory, now and for the future, while its
 * threads allocate; so does a child of it before its own first sample. A heap
 * file is mostly holes: brought into memory, it had over 2 GiB at rate 1.
 */
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "torture.h"

#define FILES_MOST_KILOBYTES 30000 /* of 100,000 that the heap file of this test has */

static atomic_bool done;

static void *allocate(void *argument)
{
	while (!done)
		allocate_and_free(300);
	return argument;
}

static void lock_and_look(int flags)
{
	EXPECT(mlockall(flags) == 0);
	EXPECT(syscall(SYS_mlockall, flags) == 0);
	allocate_and_free(300);
	EXPECT(files_kilobytes() < FILES_MOST_KILOBYTES);
}

static void *lock(void *argument)
{
	while (!done)
		mlockall(MCL_CURRENT);
	return argument;
}

int main(void)
{
	pthread_t threads[3];
	if (mlockall(MCL_CURRENT) != 0 || munlockall() != 0)
		return 0; /* it may not: only root may, here and without us */
	EXPECT(mlockall(1 << 20) == -1 && errno == EINVAL);
	allocate_and_free(300);
	for (int i = 0; i < 3; i++)
		if (pthread_create(&threads[i], NULL, allocate, NULL) != 0)
			return 1;
	for (int i = 0; i < 6; i++) {
		lock_and_look(i % 2 ? MCL_CURRENT : MCL_CURRENT | MCL_FUTURE);
		munlockall();
	}
	done = true;
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	fflush(stdout);
	/* forked also while another thread does the same */
	done = false;
	if (pthread_create(&threads[0], NULL, lock, NULL) != 0)
		return 1;
	for (int i = 0; i < 20; i++) {
		pid_t child = fork();
		if (child == 0) {
			lock_and_look(MCL_CURRENT | MCL_FUTURE);
			allocate_and_free(300);
			lock_and_look(MCL_CURRENT);
			exit(7);
		}
		wait_for(child, "child");
	}
	done = true;
	pthread_join(threads[0], NULL);
	return 0;
}
