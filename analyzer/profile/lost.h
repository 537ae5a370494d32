/* SPDX-License-Identifier: Apache-2.0 */
/* What each kind of loss means for the numbers: the one place that says whether a profile may be called exact, and
 * whether its totals are lower bounds. */
#ifndef SEEP_PROFILE_LOST_H
#define SEEP_PROFILE_LOST_H

#include <stdbool.h>

#include "profile/profile.h"

enum loss_effect {
	LOSS_UNKNOWN,   /* a kind that this table does not have counts as the worst */
	LOSS_OF_NONE,   /* no number lacks it: stacks cut, snapshots not kept, lifetimes not filed */
	LOSS_OF_TOTALS, /* an allocation or a free is missing, or counted twice */
};

enum loss_effect loss_effect(enum seep_loss_key key);

/* True of what concerns sampled blocks alone, and nothing that the program mapped. */
bool loss_is_of_blocks(enum seep_loss_key key);

/* Was an allocation or a free dropped, or may one be counted twice? Then nothing of this profile is exact. */
bool profile_lost_any(const struct profile *profile);

/* Was every allocation recorded? Only at rate 1, where nothing was lost. */
bool profile_is_exact(const struct profile *profile);

/* Is there more than it says? A full table, or dropped samples. */
bool profile_is_lower_bound(const struct profile *profile);

#endif
