/* SPDX-License-Identifier: Apache-2.0 */
/* Chooses a recording if none was named: the only one, or one from a list. */
#ifndef SEEP_TOP_CHOOSE_H
#define SEEP_TOP_CHOOSE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* Considers the recordings below one of the directories `within`, if there are any. Fills `directory`, which the caller
 * frees; NULL: the user chose none. False: there is no recording, or several and no terminal on which to choose. */
bool choose_recording(char **directory, const char *const *within, size_t within_count, struct error *error);

#endif
