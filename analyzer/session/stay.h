/* SPDX-License-Identifier: Apache-2.0 */
/* For processes that outlive the program (daemons, jobs in the background): a process that stays with them keeps their
 * recordings until the last of them has ended, and writes their last snapshots. */
#ifndef SEEP_SESSION_STAY_H
#define SEEP_SESSION_STAY_H

#include "session/session.h"

/* In a child, if any of the recordings' processes is running. Its pid; 0: there is none. */
int keepers_stay(const struct session_results *results);

/* In this process, until they all have ended. */
void recordings_stay(const struct session_results *results);

#endif
