/* SPDX-License-Identifier: Apache-2.0 */
/* Is a core dump of the process that was recorded? By its number, and by the modules that lie where the recording has them: their build
 * ids, and the files. No two runs of a program have all of that in common where addresses are chosen at random. */
#ifndef SEEP_COREDUMP_CORE_IDENTITY_H
#define SEEP_COREDUMP_CORE_IDENTITY_H

#include "coredump/core_dump.h"
#include "profile/profile.h"

/* False: the error says what speaks against it. */
bool core_is_of_process(const struct core_dump *core, const struct profile *profile, struct error *error);

#endif
