/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs that leak, and programs that do not, as traces of allocations whose every one is known; and the series of
 * profiles that a recording of them would hold: sampled by a countdown as in libseep.so, with a snapshot every
 * interval. So the profiles can be compared with the truth.
 */
#ifndef SEEP_TESTS_SERIES_SIMULATOR_H
#define SEEP_TESTS_SERIES_SIMULATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "profile/profile.h"

/* tests/bench/accuracy/ has the same patterns as real programs, under the same names. */
enum pattern {
	PATTERN_CHURN_1000,    /* leaks one in 1,000 of a site's allocations; the others live for a moment */
	PATTERN_CHURN_10000,   /* one in 10,000 */
	PATTERN_BUFFERS,       /* leaks buffers of two sampling rates each */
	PATTERN_TABLE,         /* a hash table that only grows: its entries, and its array that doubles */
	PATTERN_LIST,          /* nodes of a list that is never freed */
	PATTERN_ONE_OF_200,    /* 200 sites with the same traffic; the first leaks one allocation in 100 */
	PATTERN_REALLOC,       /* buffers that grow step by step; one step in ten forgets the old one */
	PATTERN_CACHE,         /* caches that fill and then evict, in order or at random */
	PATTERN_POOL,          /* pools that fill as the program starts, some of them beside churn */
	PATTERN_SAWTOOTH,      /* batches that allocate, and free all at their end */
	PATTERN_SESSIONS,      /* sessions with long lifetimes at rising load */
	PATTERN_FRAGMENTATION, /* all sizes, freed in any order, no growth */
	PATTERN_THREADS,       /* objects that another thread frees */
	PATTERN_COUNT
};
#define PATTERN_LEAKING_COUNT PATTERN_CACHE /* those before it leak */

const char *pattern_name(enum pattern pattern);

struct simulation {
	struct profile **series; /* by the timer, all of one process */
	size_t count;
	uint32_t site_count;
	double *in_use; /* truth: bytes alive, site by site, a value for each snapshot */
	bool *is_leaking;
	/* Truth about the leaks: birth and size of every object that is never freed, in no particular order. */
	struct simulated_leak {
		uint64_t birth_ns, size;
		uint32_t site;
	} * leaks;
	size_t leak_count, leak_capacity;
};

/* `leaked` is how much a leaking pattern leaks until the end, in multiples of the rate. Site 0 leaks, with
 * PATTERN_TABLE also site 1; all others do not. */
struct simulation *simulation_run(enum pattern pattern, uint64_t rate, double leaked, uint64_t seed);
void simulation_free(struct simulation *simulation);

/* The simulated site to which a site of a profile belongs. */
uint32_t simulation_site(const struct simulation *simulation, uint64_t key);

#endif
