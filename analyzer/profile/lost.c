/* SPDX-License-Identifier: Apache-2.0 */
/* The table behind lost.h. */
#include "profile/lost.h"

#include <seep/snapshot.h>

enum { LOSS_KEYS = sizeof((struct profile *)0)->losses / sizeof((struct profile *)0)->losses[0] };

enum loss_effect loss_effect(enum seep_loss_key key)
{
	switch (key) { /* no default, so that the compiler complains about a kind that is missing here */
	case SEEP_LOSS_SAMPLES_SETUP:
	case SEEP_LOSS_SAMPLES_REENTRY:
	case SEEP_LOSS_LIVE_FULL:
	case SEEP_LOSS_RING_HOLES:
	case SEEP_LOSS_RING_CORRUPT:
	case SEEP_LOSS_LIVE_TORN:
		return LOSS_OF_TOTALS;
	case SEEP_LOSS_EVENTS_DOUBTED:
	case SEEP_LOSS_ARENAS_FREED:
		return LOSS_OF_FREES;
	case SEEP_LOSS_STACKS_FULL: /* the totals include it, without a site */
	case SEEP_LOSS_MODULES_FULL:
	case SEEP_LOSS_LIFETIMES_FULL:
	case SEEP_LOSS_STACKS_TRUNCATED:
	case SEEP_LOSS_STACKS_EMPTY:
	case SEEP_LOSS_SITES_RETIRED: /* the totals include it, under RETIRED */
	case SEEP_LOSS_STACKS_CUT:
	case SEEP_LOSS_LABELS_FULL:
	case SEEP_LOSS_RING_FOLDED:
	case SEEP_LOSS_MAPPINGS: /* concerns no samples */
	case SEEP_LOSS_SNAPSHOTS_FAILED:
	case SEEP_LOSS_SNAPSHOTS_THINNED:
		return LOSS_OF_NONE;
	}
	return LOSS_UNKNOWN;
}

bool loss_is_of_blocks(enum seep_loss_key key)
{
	return key == SEEP_LOSS_SAMPLES_SETUP || key == SEEP_LOSS_SAMPLES_REENTRY || key == SEEP_LOSS_LIVE_FULL ||
	       key == SEEP_LOSS_LIVE_TORN || key == SEEP_LOSS_LIFETIMES_FULL || key == SEEP_LOSS_ARENAS_FREED;
}

static bool lost(const struct profile *profile, enum loss_effect effect)
{
	for (uint32_t key = 0; key < LOSS_KEYS; key++)
		if (profile->losses[key] && loss_effect((enum seep_loss_key)key) == effect)
			return true;
	return false;
}

bool profile_may_exceed(const struct profile *profile)
{
	return (profile->flags & SEEP_SNAPSHOT_DOUBTED) || lost(profile, LOSS_OF_FREES);
}

bool profile_lost_any(const struct profile *profile)
{
	return profile_is_lower_bound(profile) || profile_may_exceed(profile);
}

bool profile_is_exact(const struct profile *profile)
{
	return profile->rate == 1 && !profile_lost_any(profile);
}

bool profile_is_lower_bound(const struct profile *profile)
{
	return (profile->flags & SEEP_SNAPSHOT_LOWER_BOUND) || lost(profile, LOSS_OF_TOTALS) ||
	       lost(profile, LOSS_UNKNOWN) || (profile->is_of_mappings && profile->losses[SEEP_LOSS_MAPPINGS]);
}
