/* SPDX-License-Identifier: Apache-2.0 */
/*
 * malloc and free in pairs, and nothing else.
 *
 *	pairs tight PAIRS            malloc(64) and free
 *	pairs churn PAIRS [THREADS [SLOTS]]  10,000 slots a thread; each pair frees one and fills it anew
 *	pairs deep PAIRS             churn below 30 frames
 *
 * Prints the pairs of all threads, the CPU time and the wall time that they
 * took, in ns.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../stack_bench.h"
#include "pairs.h"

#define THREADS_MAX 64

struct task {
	uint64_t pairs, seed;
};

static uint64_t slot_count = 10000;
static uint16_t sizes[SIZES];

static int run_tight(void *context)
{
	const struct task *task = context;
	for (uint64_t i = 0; i < task->pairs; i++) {
		void *block = malloc(64);
		__asm__ volatile("" : "+r"(block) : : "memory");
		free(block);
	}
	return 0;
}

static int run_churn(void *context)
{
	const struct task *task = context;
	uint64_t state = task->seed;
	char **slots = calloc(slot_count, sizeof *slots);
	if (!slots)
		return 1;
	for (uint64_t i = 0; i < task->pairs; i++) {
		uint64_t random = random_next(&state);
		char **slot = &slots[(random >> 32) * slot_count >> 32];
		free(*slot);
		*slot = malloc(sizes[random % SIZES]);
		if (!*slot)
			return 1;
		**slot = (char)random;
	}
	for (size_t i = 0; i < slot_count; i++)
		free(slots[i]);
	free(slots);
	return 0;
}

static void *thread_churn(void *context)
{
	return run_churn(context) ? context : NULL;
}

static int run_threads(uint64_t pairs, unsigned count)
{
	pthread_t threads[THREADS_MAX];
	struct task tasks[THREADS_MAX];
	int failed = 0;
	for (unsigned i = 0; i < count; i++) {
		tasks[i] = (struct task){.pairs = pairs / count, .seed = 88172645463325252u + i};
		if (pthread_create(&threads[i], NULL, thread_churn, &tasks[i]))
			exit(1);
	}
	for (unsigned i = 0; i < count; i++) {
		void *result;
		pthread_join(threads[i], &result);
		failed |= result != NULL;
	}
	return failed;
}

int main(int count, char **arguments)
{
	uint64_t pairs = count > 2 ? strtoull(arguments[2], NULL, 10) : 0;
	unsigned threads = count > 3 ? (unsigned)strtoul(arguments[3], NULL, 10) : 1;
	if (count > 4)
		slot_count = strtoull(arguments[4], NULL, 10);
	if (!pairs || !threads || threads > THREADS_MAX || !slot_count) {
		fprintf(stderr, "usage: pairs tight|churn|deep PAIRS [THREADS [SLOTS]]\n");
		return 2;
	}
	sizes_fill(sizes);
	struct task task = {.pairs = pairs, .seed = 88172645463325252u};
	uint64_t cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID), wall = clock_ns(CLOCK_MONOTONIC);
	int failed;
	if (strcmp(arguments[1], "tight") == 0)
		failed = run_tight(&task);
	else if (strcmp(arguments[1], "deep") == 0)
		failed = chain_plain(run_churn, &task) != 300; /* each link adds its number */
	else if (threads > 1)
		failed = run_threads(pairs, threads);
	else
		failed = run_churn(&task);
	printf("pairs %" PRIu64 " cpu_ns %" PRIu64 " wall_ns %" PRIu64 "\n", pairs,
	       clock_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu, clock_ns(CLOCK_MONOTONIC) - wall);
	return failed;
}
