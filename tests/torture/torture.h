/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the torture programs share: allocating that the compiler does not see
 * through, complaints that make a difference visible, and the account of
 * tests/e2e/programs/truth.h, for programs that know what is alive at the end.
 *
 * A program's output must be the same in every run: no address, no number of
 * a process or thread, no time.
 */
#ifndef TORTURE_H
#define TORTURE_H

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "truth.h"

static void *volatile torture_hold;

/* Some allocations of every kind, all given back; the memory is really used. */
static inline void allocate_and_free(int times)
{
	for (int i = 0; i < times; i++) {
		size_t size = (size_t)i * 37 % 3000 + 1;
		char *memory = (char *)malloc(size);
		char *zeroed = (char *)calloc(3, size);
		if (!memory || !zeroed)
			abort();
		memset(memory, i, size);
		if (zeroed[size])
			abort();
		torture_hold = memory;
		memory = (char *)realloc(memory, size * 2);
		if (!memory || memory[size - 1] != (char)i)
			abort();
		free(zeroed);
		free(memory);
	}
}

/* Says what is wrong; then the program's output differs from the wanted one. */
#define EXPECT(condition)                                                                                              \
	do {                                                                                                           \
		if (!(condition))                                                                                      \
			printf("line %d: not so: %s (errno %d)\n", __LINE__, #condition, errno);                       \
	} while (0)

/* Counts the memory of mapped files that are not libraries; the program has none of its own. */
static inline unsigned long files_kilobytes(void)
{
	char line[4096];
	unsigned long found = 0, size;
	bool is_file = false;
	FILE *file = fopen("/proc/self/smaps", "r");
	while (file && fgets(line, sizeof line, file)) {
		if (strstr(line, " rw-s ") || strstr(line, " ---s "))
			is_file = true;
		else if (is_file && sscanf(line, "Rss: %lu", &size) == 1) {
			found += size;
			is_file = false;
		}
	}
	if (file)
		fclose(file);
	return found;
}

/* How a child ended, without its number. */
static inline void wait_for(pid_t child, const char *what)
{
	int status = 0;
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status))
		printf("%s: exit %d\n", what, WEXITSTATUS(status));
	else
		printf("%s: signal %d\n", what, WTERMSIG(status));
}

static inline pthread_t start(void *(*run)(void *), void *argument)
{
	pthread_t thread;
	if (pthread_create(&thread, NULL, run, argument))
		abort();
	return thread;
}

#endif
