/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the recording directory into which a running process records. */
#ifndef SEEP_PROCESS_LOCATE_H
#define SEEP_PROCESS_LOCATE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

/* Fills `directory` with a path that works for this process even if the target has another root. False: the error says
 * why there is none, and what to do. */
bool recording_locate(pid_t pid, char *directory, size_t size, struct error *error);

#endif
