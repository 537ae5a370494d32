/* SPDX-License-Identifier: Apache-2.0 */
/* Which recording, where none was named: the one that there is, or one of a list. */
#ifndef SEEP_TOP_CHOOSE_H
#define SEEP_TOP_CHOOSE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* Of those below one of the directories `within`, if there are any. Fills `directory`, which the caller frees; NULL: the reader chose none. False: there
 * is none, or several and no terminal to choose on. */
bool choose_recording(char **directory, const char *const *within, size_t within_count, struct error *error);

#endif
