/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a core dump is of the process that was recorded: by the process's number, and by the modules that lie where
 * the recording has them (build ids and files). If addresses are chosen at random, no two runs of a program agree in
 * all of that. */
#ifndef SEEP_COREDUMP_CORE_IDENTITY_H
#define SEEP_COREDUMP_CORE_IDENTITY_H

#include "coredump/core_dump.h"
#include "profile/profile.h"

/* False: the error names what differs. */
bool core_is_of_process(const struct core_dump *core, const struct profile *profile, struct error *error);

#endif
