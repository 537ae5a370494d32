/* SPDX-License-Identifier: Apache-2.0 */
/* The profiles that a recording would hold, made of the samples that were taken and of when each was freed. */
#ifndef SEEP_TESTS_SERIES_MAKER_H
#define SEEP_TESTS_SERIES_MAKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "leaks/leaks.h"
#include "profile/profile.h"

struct taken {                             /* a sample */
	uint64_t birth_ns, death_ns, size; /* death_ns UINT64_MAX: never */
	uint32_t site;
	bool remote; /* freed by another thread */
	bool grown;  /* freed by a realloc that asked for more */
	bool lost;   /* nothing refers to it: the last profile says so, as if references had been looked for */
};

/* When the snapshots were taken, all by the timer. */
struct series_plan {
	uint64_t start_ns;
	const uint64_t *times_ns;
	size_t count;
	uint64_t rate;
	uint32_t site_count;
};

/* Sorts the samples. */
struct profile **series_make(const struct series_plan *plan, struct taken *samples, size_t count);
/* Site 0 never frees an object that it makes every four seconds; site 1 copies a vector into ever larger ones. A snapshot
 * is taken every 14 s. */
struct profile **series_with_a_vector(uint64_t rate, unsigned leaked, size_t snapshots);
void series_free_profiles(struct profile **series, size_t count);

/* leaks_build() for such profiles, or for any profiles of one process in the order of their times. */
void leaks_of_profiles(struct leaks *leaks, struct profile *const *series, size_t count, enum group_by by);
void leaks_and_spreads_of_profiles(struct leaks *leaks, struct profile *const *series, size_t count, enum group_by by);
/* Index of the last useful one. */
size_t last_useful_of_profiles(struct profile *const *series, size_t count);

/* The site, below `site_count`, that has this key in such profiles. */
uint32_t series_site(uint64_t key, uint32_t site_count);

#endif
