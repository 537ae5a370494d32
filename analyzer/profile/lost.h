/* SPDX-License-Identifier: Apache-2.0 */
/* What each kind of loss means for the numbers. Only this decides whether a profile may be called exact, and whether
 * its totals are lower bounds. */
#ifndef SEEP_PROFILE_LOST_H
#define SEEP_PROFILE_LOST_H

#include <stdbool.h>

#include "profile/profile.h"

enum loss_effect {
	LOSS_UNKNOWN, /* a kind that is not in the table counts as the worst */
	LOSS_OF_NONE, /* no number lacks it: cut stacks, snapshots that were not kept, lifetimes that were not filed */
	LOSS_OF_TOTALS, /* an allocation or a free is missing */
	LOSS_OF_FREES,  /* a free is missing, or an event counted twice: what is shown may be too much */
};

enum loss_effect loss_effect(enum seep_loss_key key);

/* Whether the loss concerns only sampled blocks, and nothing that the program mapped. */
bool loss_is_of_blocks(enum seep_loss_key key);

/* Whether an allocation or a free was dropped, or may have been counted twice: then nothing in this profile is
 * exact. */
bool profile_lost_any(const struct profile *profile);

/* Whether every allocation was recorded: at rate 1, if nothing was lost. */
bool profile_is_exact(const struct profile *profile);

/* Whether there may be less than it says. */
bool profile_may_exceed(const struct profile *profile);

/* Whether there is more than it says, because a table was full or samples were dropped. */
bool profile_is_lower_bound(const struct profile *profile);

#endif
