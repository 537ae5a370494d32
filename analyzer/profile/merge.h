/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes added up to one profile: the workers of a service. Sites with the same stack become one, and their sums add, so
 * that intervals are those of the sums. Each process counts as of its own moment: its clock is set so that this is now.
 */
#ifndef SEEP_PROFILE_MERGE_H
#define SEEP_PROFILE_MERGE_H

#include "profile/profile.h"

/* Whether they can be added; false: the error names the one that can't be, and why. */
bool profiles_can_merge(struct profile *const *profiles, size_t count, struct error *error);

/*
 * Their sum, in which `shifts_ns` is added to the times of each. None may have been symbolized, and all may be freed
 * afterwards. What can't be added is left out: limits, and memory that processes share.
 */
struct profile *profile_merge(struct profile *const *profiles, const uint64_t *shifts_ns, size_t count);

/* A block's address in a sum: two processes may have blocks at the same one. */
static inline uint64_t merged_address(uint64_t address, size_t process)
{
	return address ^ (uint64_t)process << 48;
}

/* Replaces profiles by their sum, each as of its own moment, and frees them; the sum of one is that one. Where `bases` is
 * not NULL, the same is done to an earlier moment of each, with one clock. False, with all freed: they can't be added. */
bool profile_merge_pairs(struct profile **nows, struct profile **bases, size_t count, struct profile **now,
			 struct profile **base, struct error *error);

#endif
