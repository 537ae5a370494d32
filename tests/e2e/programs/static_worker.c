/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Allocates what it is told to, by functions that the command line of the compiler may name: a line "WORD COUNT" each, answered
 * by the word. With an argument it does "leak ARGUMENT" and ends.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef PREFIX
#define PREFIX
#endif
#define JOIN_AGAIN(prefix, name) prefix##name
#define JOIN(prefix, name) JOIN_AGAIN(prefix, name)
#define ALLOCATE JOIN(PREFIX, malloc)
#define ALLOCATE_MANY JOIN(PREFIX, calloc)
#define RESIZE JOIN(PREFIX, realloc)
#define RELEASE JOIN(PREFIX, free)
#define ALLOCATE_ALIGNED JOIN(PREFIX, aligned_alloc)

void *ALLOCATE(size_t size);
void *ALLOCATE_MANY(size_t count, size_t size);
void *RESIZE(void *old, size_t size);
void RELEASE(void *address);
#ifdef ALIGNED
void *ALLOCATE_ALIGNED(size_t alignment, size_t size);
#endif

static char *early[1000];

__attribute__((noinline)) void leak(int count)
{
	while (count-- > 0)
		*(volatile char *)ALLOCATE(1000) = 1;
}

__attribute__((noinline)) void clear(int count)
{
	while (count-- > 0)
		*(volatile char *)ALLOCATE_MANY(10, 100) = 1;
}

__attribute__((noinline)) void align(int count)
{
	(void)count;
#ifdef ALIGNED
	while (count-- > 0)
		*(volatile char *)ALLOCATE_ALIGNED(256, 512) = 1;
#endif
}

/* In place, and not; every other block is given back. */
__attribute__((noinline)) void grow(int count)
{
	while (count-- > 0) {
		char *block = RESIZE(RESIZE(ALLOCATE(100), 110), 5000);
		*(volatile char *)block = 1;
		if (count % 2)
			RELEASE(block);
	}
}

__attribute__((noinline)) void churn(int count)
{
	while (count-- > 0)
		RELEASE(ALLOCATE(30));
}

int main(int argc, char **argv)
{
	char word[32];
	int count;

	if (argc > 1) {
		leak(atoi(argv[1]));
		return 0;
	}
	for (int i = 0; i < 1000; i++)
		early[i] = ALLOCATE(5000);
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("ready");
	while (scanf("%31s %d", word, &count) == 2) {
		char number[16];
		snprintf(number, sizeof number, "%d", count);
		if (!strcmp(word, "quit"))
			return 7;
		if (!strcmp(word, "all"))
			leak(count), clear(count), align(count), grow(count), churn(count);
		if (!strcmp(word, "leak"))
			leak(count);
		if (!strcmp(word, "free"))
			while (count-- > 0)
				RELEASE(early[count]);
		if (!strcmp(word, "fork") && !fork()) {
			leak(count);
			_exit(0);
		}
		if (!strcmp(word, "exec") && !fork()) {
			execl(argv[0], argv[0], number, NULL);
			_exit(1);
		}
		while (wait(NULL) > 0)
			;
		puts(word);
	}
	return 1;
}
