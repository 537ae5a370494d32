/* SPDX-License-Identifier: Apache-2.0 */
/* The meaning of a command's operand: a file, a recording, or a process that is being recorded. */
#ifndef SEEP_TARGET_TARGET_H
#define SEEP_TARGET_TARGET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* Fills `path`. If the operand is a number, and no file has that name, `path` is the recording of the process with that
 * number; otherwise it is the operand without slashes at its end. False: the error says why there is no recording, and
 * what to do. */
bool target_resolve(const char *operand, char *path, size_t size, struct error *error);

/* False: nothing has that path. For commands that open no snapshot, since opening one would report it. */
bool target_is_there(const char *path, struct error *error);

#endif
