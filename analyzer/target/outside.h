/* SPDX-License-Identifier: Apache-2.0 */
/* A process that nobody records, as it can be seen from outside: what it has mapped, and how much of it is in memory. */
#ifndef SEEP_TARGET_OUTSIDE_H
#define SEEP_TARGET_OUTSIDE_H

#include <sys/types.h>

#include "profile/profile.h"

/* Without sites, samples and rate; `ledger` and `memory` are there. NULL: the error says why it can't be seen. */
struct profile *outside_open(pid_t pid, struct error *error);

/* So many bytes of what is unexplained are its allocator's, as that says itself. */
void outside_give_allocator(struct profile *profile, double bytes);

#endif
