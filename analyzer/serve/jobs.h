/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Profiles that clients fetch, each made by a task while its client waits. At most two are made at the same time,
 * besides those that last some seconds, which mostly sleep. A program's allocations are computed at most once a second,
 * and less often when its recording's share of processor time is spent: then clients get the last profile, which has
 * its time in it.
 */
#ifndef SEEP_SERVE_JOBS_H
#define SEEP_SERVE_JOBS_H

#include <stdbool.h>

#include "serve/answers/answers.h"
#include "serve/state.h"

/* The profile for which a client asks, if it is ready; otherwise the client waits for `server->jobs`. */
struct answer jobs_ask(struct server_state *server, struct served *served, struct MHD_Connection *connection,
		       const struct profile_wish *wish);
/* Call this when a task's pipe can be read, or its time is over. True: some profile is ready. */
bool jobs_take(struct server_state *server);
/* The connection was closed. */
void jobs_forget(struct server_state *server, const struct MHD_Connection *connection);
void jobs_stop(struct server_state *server);

#endif
