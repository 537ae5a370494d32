/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads are cancelled while they allocate, some with pending cleanup that
 * frees. The others go on: no lock stays behind.
 */
#include "torture.h"

static void clean(void *memory)
{
	free(memory);
	allocate_and_free(2);
}

static void *cancelled(void *argument)
{
	char *memory = malloc(100);
	pthread_cleanup_push(clean, memory);
	for (;;) {
		allocate_and_free(3);
		if (argument)
			usleep(1);
		pthread_testcancel();
	}
	pthread_cleanup_pop(1);
	return NULL;
}

static void *steady(void *unused)
{
	allocate_and_free(1500);
	return unused;
}

int main(void)
{
	int cancelled_count = 0;
	pthread_t others[] = {start(steady, NULL), start(steady, NULL)};
	for (intptr_t i = 0; i < 60; i++) {
		void *result = NULL;
		pthread_t thread = start(cancelled, (void *)(i % 2));
		if (i % 3)
			usleep(200);
		pthread_cancel(thread);
		pthread_join(thread, &result);
		cancelled_count += result == PTHREAD_CANCELED;
	}
	for (int i = 0; i < 2; i++)
		pthread_join(others[i], NULL);
	printf("%d threads were cancelled\n", cancelled_count);
	return 0;
}
