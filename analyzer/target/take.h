/* SPDX-License-Identifier: Apache-2.0 */
/* A snapshot now. */
#ifndef SEEP_TARGET_TAKE_H
#define SEEP_TARGET_TAKE_H

#include <stdbool.h>

#include <seep/keeper.h>

#include "base/error.h"

/* Of a running process its keeper is asked for it, and has 10 seconds to answer; from a dead one it is made of what the heap file
 * holds; of a recording that is complete it is the last one, and a message says so. `name` receives the file's, in the directory. */
bool target_snapshot(const char *directory, char name[static 32], struct error *error);

/* What a recording's heap file says of its process, and whether that runs. */
bool target_state(const char *directory, struct seep_heap_state *state, bool *alive, struct error *error);

#endif
