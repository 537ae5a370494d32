/* SPDX-License-Identifier: Apache-2.0 */
/* From a verified snapshot to a profile. */
#ifndef SEEP_PROFILE_FROM_SNAPSHOT_H
#define SEEP_PROFILE_FROM_SNAPSHOT_H

#include "profile/profile.h"
#include "reader/snapshot_reader.h"

/* Copies all that it needs; the view's bytes may go afterwards. Never fails. */
struct profile *profile_from_snapshot(const struct snapshot_view *view);

#endif
