/* SPDX-License-Identifier: Apache-2.0 */
/* A process that is not recorded, as it can be seen from outside: its mappings, and how much of them is in memory. */
#ifndef SEEP_TARGET_OUTSIDE_H
#define SEEP_TARGET_OUTSIDE_H

#include <sys/types.h>

#include "profile/profile.h"

/* A profile without sites, samples and rate, but with `ledger` and `memory`. NULL: the error says why the process can't
 * be seen. */
struct profile *outside_open(pid_t pid, struct error *error);

/* Gives the allocator this many of the unexplained bytes, which it says are its own. */
void outside_give_allocator(struct profile *profile, double bytes);

#endif
