/* SPDX-License-Identifier: Apache-2.0 */
/* Where `seep run` records: is it known before the program starts that it can't? */
#ifndef SEEP_COMMANDS_RUN_OUTPUT_H
#define SEEP_COMMANDS_RUN_OUTPUT_H

#include <stdbool.h>

#include "base/error.h"

/* Makes the directories above a recording, as mkdir -p does, as far as their names are the same for every process (no
 * %c, %p, %h). `pattern` is absolute. False: they can't be made, or nothing can be written there. */
bool run_output_prepare(const char *pattern, struct error *error);

#endif
