/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keepers of a session: for each recording that a process of the tree
 * begins, a thread of this process folds its events and writes its snapshots,
 * so that the programs themselves get no thread of ours.
 */
#ifndef SEEP_PROCESS_KEEPERS_H
#define SEEP_PROCESS_KEEPERS_H

#include <stdbool.h>

#include "process/session.h"

struct keepers;

/* Of recordings that had no keeper for longer than a second, since there were too many at a time. */
struct keepers_waits {
	size_t recordings;
	double longest_s;
};

/* Watches the session's registry and keeps each recording that appears there. NULL: no thread was to be had, and
 * recordings keep what they know in their heap files alone. The session must outlive it. */
struct keepers *keepers_start(const struct session *session);

/* Has every keeper give its recording back, and waits for them: two seconds at most. NULL is fine. */
struct keepers_waits keepers_stop(struct keepers *keepers);

/* For processes that outlive the program (daemons): a process in the background keeps their recordings until the last
 * of them has ended and writes their last snapshots. Its pid; 0: there is none. */
int keepers_stay(const struct session_results *results);

/* Stands in for a keeper that is no longer there, so that a request is answered: where a living one has the recording,
 * this does nothing. NULL: no thread was to be had. */
struct stand_in;
struct stand_in *stand_in_begin(const char *directory);
void stand_in_end(struct stand_in *stand_in); /* NULL is fine */

#endif
