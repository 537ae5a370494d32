/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads allocate while another holds the locks of stdout and stderr, while
 * the environment and the locale change, and while somebody asks for a
 * thread's attributes: whoever printed or asked such things from within malloc
 * would hang.
 */
#include <locale.h>

#include "torture.h"

static pthread_barrier_t barrier;

static void *allocate(void *unused)
{
	pthread_barrier_wait(&barrier);
	allocate_and_free(500);
	return unused;
}

static void *change(void *unused)
{
	pthread_barrier_wait(&barrier);
	for (int i = 0; i < 300; i++) {
		char name[32], value[32];
		snprintf(name, sizeof name, "TORTURE_%d", i % 50);
		snprintf(value, sizeof value, "%d", i);
		setenv(name, value, 1);
		if (i % 3 == 0)
			unsetenv(name);
		setlocale(LC_ALL, i % 2 ? "C" : "C.UTF-8");
		pthread_attr_t attributes;
		if (pthread_getattr_np(pthread_self(), &attributes) == 0)
			pthread_attr_destroy(&attributes);
	}
	return unused;
}

int main(void)
{
	pthread_barrier_init(&barrier, NULL, 4);
	pthread_t threads[] = {start(allocate, NULL), start(allocate, NULL), start(change, NULL)};
	flockfile(stdout);
	flockfile(stderr);
	pthread_barrier_wait(&barrier);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	funlockfile(stderr);
	funlockfile(stdout);
	char *text = NULL;
	size_t length = 0;
	FILE *stream = open_memstream(&text, &length);
	for (int i = 0; i < 2000; i++)
		fprintf(stream, "line %d\n", i);
	fclose(stream);
	printf("%zu bytes, TORTURE_1 is %s\n", length, getenv("TORTURE_1") ? getenv("TORTURE_1") : "unset");
	free(text);
	return 0;
}
