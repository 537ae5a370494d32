/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program with a clock of its own, as under libfaketime or a simulator: it
 * counts its calls, allocates, and takes a lock that is held around malloc.
 * (jemalloc itself reads that clock.)
 *
 * torture: allocators=glibc
 */
#include <time.h>

#include "torture.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int calls;

int clock_gettime(clockid_t clock, struct timespec *time)
{
	(void)clock;
	pthread_mutex_lock(&lock);
	calls++;
	free(torture_hold = malloc(100));
	*time = (struct timespec){.tv_sec = 1};
	pthread_mutex_unlock(&lock);
	return 0;
}

int main(void)
{
	struct timespec now;
	pthread_mutex_lock(&lock);
	allocate_and_free(200);
	pthread_mutex_unlock(&lock);
	usleep(150000);
	allocate_and_free(200);
	clock_gettime(CLOCK_MONOTONIC, &now);
	printf("%d calls, at %ld\n", calls, (long)now.tv_sec);
	return 0;
}
