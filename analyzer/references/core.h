/* SPDX-License-Identifier: Apache-2.0 */
/* The same of a process that has ended, from its core dump: which of the blocks that the recording knows alive no word of the dump lies in. */
#ifndef SEEP_REFERENCES_CORE_H
#define SEEP_REFERENCES_CORE_H

#include <stdbool.h>

#include "base/error.h"
#include "profile/profile.h"

/* `last`: the recording's last state; gets what was found, of the blocks that were there when the dump was made. A message sums it up.
 * False: the dump is damaged, or of another process, or of an unknown moment. */
bool references_in_core(struct profile *last, const char *path, struct error *error);

#endif
