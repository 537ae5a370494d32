/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Adds up processes, such as a service's workers, to one profile. Sites with the same stack become one and their sums
 * add, so intervals are those of the sums. Each process counts at its own moment: its clock is shifted so that this is
 * now.
 */
#ifndef SEEP_PROFILE_MERGE_H
#define SEEP_PROFILE_MERGE_H

#include "profile/profile.h"

/* Whether they can be added up; false: the error names the one that can't be, and why. */
bool profiles_can_merge(struct profile *const *profiles, size_t count, struct error *error);

/*
 * Adds them up, after adding `shifts_ns` to the times of each. None may have been symbolized, and all may be freed
 * afterwards. Limits, and memory that processes share, can't be added and are left out.
 */
struct profile *profile_merge(struct profile *const *profiles, const uint64_t *shifts_ns, size_t count);

/* A block's address in a sum: blocks of two processes may have the same one. */
static inline uint64_t merged_address(uint64_t address, size_t process)
{
	return address ^ (uint64_t)process << 48;
}

#endif
