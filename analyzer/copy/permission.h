/* SPDX-License-Identifier: Apache-2.0 */
/* Finds out whether a process's memory can't be copied, and why, before anything is done to it. */
#ifndef SEEP_COPY_PERMISSION_H
#define SEEP_COPY_PERMISSION_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

/* False: the error says why not, and what to do. */
bool process_may_be_copied(pid_t pid, struct error *error);

#endif
