/* SPDX-License-Identifier: Apache-2.0 */
/* For processes that outlive the program (daemons, jobs in the background): a process of seep's stays with them, keeps
 * their recordings until the last of them has ended, and writes their last snapshots. */
#ifndef SEEP_SESSION_STAY_H
#define SEEP_SESSION_STAY_H

#include "session/session.h"

/* Forks a process that stays, if any of the recordings' processes still runs. Its pid; 0: none was needed. */
int keepers_stay(const struct session_results *results);

/* Stays in this process, until they have all ended. */
void recordings_stay(const struct session_results *results);

#endif
