/* SPDX-License-Identifier: Apache-2.0 */
/* Which map of code made at run time belongs to a recorded process. */
#ifndef SEEP_PROFILE_JIT_MAP_H
#define SEEP_PROFILE_JIT_MAP_H

#include "base/buffer.h"
#include "profile/profile.h"
#include "symbols/perf_map.h"

/* Opens the process's map; NULL: there is none to be used. `said` receives its path or why there is none; nothing where
 * the profile is of no process. */
struct perf_map *jit_map_open(const struct profile *profile, struct buffer *said);

#endif
