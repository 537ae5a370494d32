/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits of the number of processes, RLIMIT_NPROC and the control group's
 * pids.max: a keeper beside each program takes its part of them. Keepers get an
 * eighth at most: none is made where an eighth is taken already.
 */
#ifndef SEEP_PROGRAM_CROWD_H
#define SEEP_PROGRAM_CROWD_H

#include <stdbool.h>

/* Would the program notice one more process, or thread? The answer takes RLIMIT_NPROC into account as far as it can be
 * judged beforehand. */
bool crowd_is_near(void);

/* Lowers RLIMIT_NPROC of the calling process, which shares its limits with nobody, to an eighth: if the user has so
 * many processes, clone() fails with EAGAIN. Nothing else tells their number. */
void crowd_lower_limit(void);

#endif
