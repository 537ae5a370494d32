/* SPDX-License-Identifier: Apache-2.0 */
/* Finds out whether a process can't be joined, and why, before anything is done to it. */
#ifndef SEEP_ATTACH_REFUSAL_H
#define SEEP_ATTACH_REFUSAL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/* Whether this process may be joined, as far as can be seen without touching it. False: the error says why not, and
 * what to do. */
bool process_may_be_joined(pid_t pid, struct error *error);

/* What the process's limit of address space (RLIMIT_AS) leaves it; UINT64_MAX: it has no limit, or it can't be read. */
uint64_t process_addresses_left(pid_t pid);

#endif
