/* SPDX-License-Identifier: Apache-2.0 */
/* The same for a process that has ended, from its core dump: into which of the live blocks of the recording no word of
 * the dump points. */
#ifndef SEEP_REFERENCES_CORE_H
#define SEEP_REFERENCES_CORE_H

#include <stdbool.h>

#include "base/error.h"
#include "profile/profile.h"

/* `last`: the recording's last state, which receives the findings about the blocks that existed when the dump was made.
 * A message sums them up. False: the dump is damaged, or of another process, or of an unknown moment. */
bool references_in_core(struct profile *last, const char *path, struct error *error);

#endif
