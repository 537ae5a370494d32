/* SPDX-License-Identifier: Apache-2.0 */
/* A program that has known amounts of memory, in MiB, in each of seep memory's classes: 24 of its heap in use, 40 more
 * freed and kept, 64 asked for and never touched; 12 shared; 8 of a thread's stack; 20 that it mapped itself. It says
 * "ready" and waits. With an argument it maps that many more, one at a time, and ends. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MIB ((size_t)1 << 20)
enum { BLOCK = 4096, KEPT = 24 * 256, FREED = 40 * 256 };

static void *kept[KEPT], *freed[FREED], *untouched;
static char *mapped, *shared;

static void *deep(void *go)
{
	char stack[8 << 20];
	memset(stack, 1, sizeof stack);
	*(volatile int *)go = 1;
	pause();
	return *(volatile char *)stack ? NULL : go;
}

int main(int argc, char **argv)
{
	volatile int deep_enough = 0;
	const int more = argc > 1 ? atoi(argv[1]) : 0;
	pthread_attr_t attributes;
	pthread_t thread;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 10 * MIB);
	for (int i = 0; i < FREED && !more; i++)
		memset(freed[i] = malloc(BLOCK), 1, BLOCK);
	for (int i = 0; i < KEPT; i++)
		memset(kept[i] = malloc(BLOCK), 1, BLOCK);
	for (int i = 0; i < FREED && !more; i++)
		free(freed[i]);
	untouched = malloc(64 * MIB);
	mapped = mmap(NULL, 20 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	shared = mmap(NULL, 12 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	memset(mapped, 1, 20 * MIB);
	memset(shared, 1, 12 * MIB);
	pthread_create(&thread, &attributes, deep, (void *)&deep_enough);
	while (!deep_enough)
		usleep(1000);
	puts("ready");
	fflush(stdout);
	for (int i = 0; i < more; i++) {
		memset(mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 1, MIB);
		usleep(50000);
	}
	if (!more)
		pause();
	return 0;
}
