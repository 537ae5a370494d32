/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that allocate, resize and free, and check their blocks: four, or as many as the argument says. SIGTERM ends
 * it with the number of rounds; a damaged block ends it by abort(). */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

void *ALLOCATE(size_t size);
void *ALLOCATE_MANY(size_t count, size_t size);
void *RESIZE(void *old, size_t size);
void RELEASE(void *address);

static atomic_long rounds;

static void *churn(void *seed)
{
	unsigned random = (unsigned)(long)seed;
	unsigned char *blocks[64] = {0};
	size_t bytes[64] = {0};

	for (;;) {
		random = random * 1664525 + 1013904223;
		unsigned i = random >> 26, kind = random >> 24 & 3;
		size_t wanted = 1 + (random >> 8) % 4000, kept = bytes[i] < wanted ? bytes[i] : wanted;
		if (bytes[i] && (blocks[i][0] != i || blocks[i][bytes[i] - 1] != i))
			abort();
		if (kind == 0) {
			blocks[i] = RESIZE(blocks[i], wanted);
			if (kept && blocks[i][kept - 1] != i)
				abort();
		} else {
			RELEASE(blocks[i]);
			blocks[i] = kind == 1 ? ALLOCATE_MANY(1, wanted) : ALLOCATE(wanted);
			if (kind == 1 && (blocks[i][0] || blocks[i][wanted - 1]))
				abort();
		}
		bytes[i] = wanted;
		memset(blocks[i], (int)i, wanted);
		if (atomic_fetch_add(&rounds, 1) % 1024 == 0) /* leave something of the machine to others */
			usleep(500);
	}
	return NULL;
}

static void end(int signal)
{
	char text[32];

	(void)signal;
	_exit(write(1, text, (size_t)snprintf(text, sizeof text, "%ld\n", atomic_load(&rounds))) < 0);
}

int main(int argc, char **argv)
{
	pthread_t thread;

	signal(SIGTERM, end);
	for (long i = 0; i < (argc > 1 ? atoi(argv[1]) : 4); i++)
		pthread_create(&thread, NULL, churn, (void *)(i + 1));
	for (;;)
		pause();
}
