/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Allocates in four threads until it is killed, and keeps account in a shared
 * mapping that outlives it: for each thread and site, what was begun and what
 * was done. Between the two is the one call that may be in flight.
 *
 *	counted ACCOUNT
 *
 * ACCOUNT is a file of 64-bit words: the process's number, then for each
 * thread and site ten: allocations begun and done, their bytes begun and done,
 * frees begun and done, their bytes begun and done, two unused.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define THREADS 4
#define SITES 3
#define SLOTS 500
#define SITE __attribute__((noinline, noclone))

struct account {
	volatile uint64_t begun, done, bytes_begun, bytes_done;
	volatile uint64_t frees_begun, frees_done, freed_begun, freed_done;
	uint64_t unused[2];
};

static struct {
	volatile uint64_t pid;
	struct account accounts[THREADS][SITES];
} * shared;

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

/* The barrier keeps the compiler from moving the words across the call. */
#define BARRIER() __asm__ volatile("" ::: "memory")

static inline __attribute__((always_inline)) void *counted_malloc(struct account *account, size_t size)
{
	account->begun++;
	account->bytes_begun += size;
	BARRIER();
	void *memory = malloc(size);
	BARRIER();
	account->bytes_done += size;
	account->done++;
	return memory;
}

static void counted_free(struct account *account, void *memory, size_t size)
{
	account->frees_begun++;
	account->freed_begun += size;
	BARRIER();
	free(memory);
	BARRIER();
	account->freed_done += size;
	account->frees_done++;
}

static SITE void site_leak(struct account *account, uint32_t random)
{
	memset(counted_malloc(account, 16 + random % 300), 1, 16);
}

static SITE void site_churn(struct account *account, uint32_t random)
{
	size_t size = 1 + random % 2000;
	counted_free(account, counted_malloc(account, size), size);
}

static SITE void site_cache(struct account *account, uint32_t random, void **slots, size_t *sizes)
{
	uint32_t slot = random % SLOTS;
	if (slots[slot])
		counted_free(account, slots[slot], sizes[slot]);
	sizes[slot] = 100 + random % 1000;
	slots[slot] = counted_malloc(account, sizes[slot]);
}

static void *run(void *argument)
{
	static void *slots[THREADS][SLOTS];
	static size_t sizes[THREADS][SLOTS];
	uint32_t number = (uint32_t)(uintptr_t)argument, state = number * 77 + (uint32_t)getpid();
	for (uint64_t step = 0;; step++) {
		if (step % 8 == 0)
			site_leak(&shared->accounts[number][0], next_random(&state));
		site_churn(&shared->accounts[number][1], next_random(&state));
		site_cache(&shared->accounts[number][2], next_random(&state), slots[number], sizes[number]);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	int file = argc > 1 ? open(argv[1], O_RDWR) : -1;
	if (file < 0)
		return 2;
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (shared == MAP_FAILED)
		return 2;
	shared->pid = (uint64_t)getpid();
	/* Allocates enough to begin the recording before there are threads: what they allocate while one of them sets
	 * it up is counted as lost. */
	free(malloc(1 << 20));
	alarm(30); /* whatever happens to the test, this ends */
	for (uintptr_t i = 0; i < THREADS; i++) {
		pthread_t thread;
		if (pthread_create(&thread, NULL, run, (void *)i))
			return 2;
	}
	for (;;)
		pause();
}
