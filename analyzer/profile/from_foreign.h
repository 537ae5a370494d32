/* SPDX-License-Identifier: Apache-2.0 */
/* From what a reader of another tool's format found to a profile. */
#ifndef SEEP_PROFILE_FROM_FOREIGN_H
#define SEEP_PROFILE_FROM_FOREIGN_H

#include "profile/profile.h"
#include "reader/foreign_profile.h"

/* Takes the texts over, so that `foreign` has no pool afterwards; the rest of it may be freed. `name` is the file's. Never
 * fails. */
struct profile *profile_from_foreign(struct foreign_profile *foreign, const char *name);

#endif
