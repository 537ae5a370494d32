/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opens, calls and closes two libraries in turn in one thread, at the same
 * addresses, while two others allocate. Prints how often.
 *
 *	dlopen_loop SECONDS LIBRARY LIBRARY
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "pairs.h"

#define WORKERS 2

static _Atomic bool stopped;

static __attribute__((noinline)) uint64_t worker_allocate(unsigned depth)
{
	if (depth) {
		uint64_t result = worker_allocate(depth - 1);
		__asm__ volatile("" : "+r"(result));
		return result + 1;
	}
	for (unsigned i = 0; i < 100; i++) {
		void *block = malloc(200);
		__asm__ volatile("" : "+r"(block) : : "memory");
		free(block);
	}
	return 0;
}

static void *worker_run(void *unused)
{
	uint64_t rounds = 0;
	(void)unused;
	for (; !atomic_load_explicit(&stopped, memory_order_relaxed); rounds++)
		worker_allocate(rounds % 20);
	return NULL;
}

static bool library_use(const char *path, void **address)
{
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!library) {
		fprintf(stderr, "%s\n", dlerror());
		return false;
	}
	void *symbol = dlsym(library, "plugin_enter");
	union {
		void *object;
		void (*function)(unsigned);
	} enter = {.object = symbol};
	*address = symbol;
	if (symbol)
		enter.function(200);
	return symbol && !dlclose(library);
}

int main(int count, char **arguments)
{
	pthread_t workers[WORKERS];
	if (count != 4) {
		fprintf(stderr, "usage: dlopen_loop SECONDS LIBRARY LIBRARY\n");
		return 2;
	}
	for (unsigned i = 0; i < WORKERS; i++)
		if (pthread_create(&workers[i], NULL, worker_run, NULL))
			return 1;
	uint64_t end = clock_ns(CLOCK_MONOTONIC) + strtoull(arguments[1], NULL, 10) * 1000000000u;
	unsigned long loads = 0, same_address = 0;
	void *address = NULL, *before = NULL;
	for (; clock_ns(CLOCK_MONOTONIC) < end; loads++, before = address) {
		if (!library_use(arguments[2 + loads % 2], &address))
			return 1;
		same_address += address == before;
	}
	atomic_store(&stopped, true);
	for (unsigned i = 0; i < WORKERS; i++)
		pthread_join(workers[i], NULL);
	printf("loads %lu same_address %lu\n", loads, same_address);
	return 0;
}
