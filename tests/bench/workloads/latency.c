/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times every malloc of the churn workload by the time-stamp counter, and
 * prints in ns what half of them, all but one in 10,000, the longest, and the
 * longest of the second half took.
 * Whatever made a call long counts: page faults, preemption, a profiler.
 *
 *	latency CALLS
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <x86intrin.h>

#include "pairs.h"

#define SLOTS 10000
#define BUCKETS (1u << 20) /* one per cycle; longer calls count as the last */

static uint32_t histogram[BUCKETS];

static uint64_t cycles_now(void)
{
	unsigned processor;
	uint64_t cycles = __rdtscp(&processor);
	_mm_lfence();
	return cycles;
}

/* The duration that a share of all calls does not exceed. */
static double quantile_cycles(uint64_t calls, double share)
{
	uint64_t seen = 0, wanted = (uint64_t)((double)calls * share);
	for (unsigned i = 0; i < BUCKETS; i++) {
		seen += histogram[i];
		if (seen >= wanted)
			return i;
	}
	return BUCKETS;
}

int main(int count, char **arguments)
{
	static uint16_t sizes[SIZES];
	static char *slots[SLOTS];
	uint64_t calls = count > 1 ? strtoull(arguments[1], NULL, 10) : 0, state = 88172645463325252u;
	uint64_t longest[2] = {0};
	if (!calls) {
		fprintf(stderr, "usage: latency CALLS\n");
		return 2;
	}
	sizes_fill(sizes);
	for (size_t i = 0; i < BUCKETS; i += 1024)
		*(volatile uint32_t *)&histogram[i] = 0; /* its pages are not the profiler's to pay */
	uint64_t start_ns = clock_ns(CLOCK_MONOTONIC), start_cycles = cycles_now();
	for (uint64_t i = 0; i < calls; i++) {
		uint64_t random = random_next(&state);
		char **slot = &slots[(random >> 32) * SLOTS >> 32];
		free(*slot);
		uint64_t before = cycles_now();
		*slot = malloc(sizes[random % SIZES]);
		uint64_t took = cycles_now() - before;
		if (!*slot)
			return 1;
		**slot = (char)random;
		histogram[took < BUCKETS ? took : BUCKETS - 1]++;
		uint64_t *half = &longest[i >= calls / 2];
		*half = took > *half ? took : *half;
	}
	double ns = (double)(clock_ns(CLOCK_MONOTONIC) - start_ns) / (double)(cycles_now() - start_cycles);
	printf("p50_ns %.0f p9999_ns %.0f longest_ns %.0f later_ns %.0f\n", quantile_cycles(calls, 0.5) * ns,
	       quantile_cycles(calls, 0.9999) * ns, (double)(longest[0] > longest[1] ? longest[0] : longest[1]) * ns,
	       (double)longest[1] * ns);
	return 0;
}
