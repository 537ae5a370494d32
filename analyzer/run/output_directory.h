/* SPDX-License-Identifier: Apache-2.0 */
/* Prepares the place of a recording before its program starts. */
#ifndef SEEP_RUN_OUTPUT_DIRECTORY_H
#define SEEP_RUN_OUTPUT_DIRECTORY_H

#include <stdbool.h>

#include "base/error.h"

/* Makes the directories above a recording, as mkdir -p does, as far as their names are the same for every process (no
 * %c, %p, %h). `pattern` is absolute. False: they can't be made, or are not writable. */
bool output_directory_prepare(const char *pattern, struct error *error);

#endif
