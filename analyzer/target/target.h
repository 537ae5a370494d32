/* SPDX-License-Identifier: Apache-2.0 */
/* What an operand of a command names: a file, a recording, or a process that is being recorded. */
#ifndef SEEP_TARGET_TARGET_H
#define SEEP_TARGET_TARGET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* Fills `path`: of the recording into which the process records where the operand is a number and nothing of that name is
 * there; else the operand, without slashes at its end. False: the error says why there is no recording, and what to do. */
bool target_resolve(const char *operand, char *path, size_t size, struct error *error);

#endif
