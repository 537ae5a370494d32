/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads with the smallest stack there is, most of it used when they
 * allocate; the first of them takes the process's first sample.
 */
#include <limits.h>

#include "torture.h"

static struct truth_site *site;

static SITE void site_small_stack(void)
{
	for (int i = 0; i < 10; i++) {
		torture_hold = malloc(50);
		truth_allocated(site, 50);
	}
}

/* The rest, for malloc: the C library's own need and a few KiB for the shim. */
static SITE int use(char *lowest, int depth)
{
	volatile char room[256];
	room[0] = (char)depth;
	if ((char *)room > lowest)
		return use(lowest, depth + 1) + room[0] * 0;
	site_small_stack();
	free(malloc(1));
	return 1;
}

static void *run(void *argument)
{
	pthread_attr_t attributes;
	void *stack;
	size_t bytes;
	pthread_getattr_np(pthread_self(), &attributes);
	pthread_attr_getstack(&attributes, &stack, &bytes);
	pthread_attr_destroy(&attributes);
	use((char *)stack + (size_t)(uintptr_t)argument, 0);
	return (void *)1;
}

int main(void)
{
	truth_directory = ".";
	site = truth_add("site_small_stack");
	pthread_attr_t attributes;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, PTHREAD_STACK_MIN);
	int ended = 0;
	for (uintptr_t room = 8192; room >= 5120; room -= 1024) {
		pthread_t thread;
		void *result = NULL;
		EXPECT(pthread_create(&thread, &attributes, run, (void *)room) == 0);
		pthread_join(thread, &result);
		ended += result != NULL;
	}
	truth_write("end");
	printf("%d threads ended well\n", ended);
	return 0;
}
