/* SPDX-License-Identifier: Apache-2.0 */
/* Which snapshot of a recording its last one is compared with, where the user names the recording alone. */
#ifndef SEEP_COMPARE_CHOOSE_H
#define SEEP_COMPARE_CHOOSE_H

#include "profile/profile.h"

/* The entry nearest to a quarter of the time from the recording's start to its last snapshot, so that what a program
 * allocates while it starts is not taken for growth. Snapshots taken at a peak were selected by their value: one of
 * them serves only where there is no other. NULL where no entry is older than the last snapshot. */
const struct recording_entry *recording_choose_before(const struct recording *recording, const struct profile *last);

#endif
