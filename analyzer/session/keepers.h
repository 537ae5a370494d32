/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keepers of a session: for each recording that a process of the tree begins, a thread of this process (see
 * guard.h) folds its events and writes its snapshots. So the programs themselves get no thread of ours.
 */
#ifndef SEEP_SESSION_KEEPERS_H
#define SEEP_SESSION_KEEPERS_H

#include <stdbool.h>

#include "session/session.h"

struct keepers;

/* Recordings that had no keeper for longer than a second, because there were too many at a time. */
struct keepers_waits {
	size_t recordings;
	double longest_s;
};

/* Watches the session's registry and keeps each recording that appears there. NULL: no thread could be made, so only
 * the heap files hold the recordings. The session must outlive it. */
struct keepers *keepers_start(const struct session *session);

/* Whether any recording has a keeper or waits for one. */
bool keepers_are_busy(struct keepers *keepers);

/* The recordings that are being kept; the caller frees each path and the array. */
char **keepers_directories(struct keepers *keepers, size_t *count);

/* Makes every keeper give up its recording, and waits for them, for two seconds at most. NULL is fine. */
struct keepers_waits keepers_stop(struct keepers *keepers);

#endif
