/* SPDX-License-Identifier: Apache-2.0 */
/* Which live samples two snapshots of one process have in common: these cancel exactly in a difference. */
#ifndef SEEP_COMPARE_SAMPLES_H
#define SEEP_COMPARE_SAMPLES_H

#include <stdbool.h>

#include "profile/profile.h"

/* Whether both are one moment of one process (the same snapshot, or a copy of it): then nothing was missed in
 * between. */
bool profiles_are_same_moment(const struct profile *before, const struct profile *after);

/* Marks, by index, the samples that the other profile has, too: same address, same birth. The caller frees both
 * arrays. */
void samples_match(const struct profile *before, const struct profile *after, bool **in_after, bool **in_before);

#endif
