/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits of the number of processes that a keeper beside each program would
 * take its part of: RLIMIT_NPROC, and the control group's pids.max. Keepers get
 * an eighth at most: none is made where an eighth is taken already.
 */
#ifndef SEEP_PROGRAM_CROWD_H
#define SEEP_PROGRAM_CROWD_H

#include <stdbool.h>
#include <stdint.h>

/* Would one more process, or thread, be noticed? RLIMIT_NPROC counts as far as it can be judged beforehand. */
bool crowd_is_near(void);

/* The calling process, which shares its limits with nobody, makes none where the user has an eighth of RLIMIT_NPROC:
 * clone() says EAGAIN then. How many there are nobody else tells. */
void crowd_lower_limit(void);

#endif
