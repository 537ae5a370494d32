/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Profiles that clients fetch, each made by a task while its client waits. At most two are made at a time beside those that
 * last some seconds, which nearly all sleep. What a program has allocated is made anew at most once a second, and less often
 * where its recording's share of processor time is spent: then clients get the last one, which says of when it is.
 */
#ifndef SEEP_SERVE_JOBS_H
#define SEEP_SERVE_JOBS_H

#include <stdbool.h>

#include "serve/answers/answers.h"
#include "serve/state.h"

/* What a client asks for, once it is there; else it waits for `server->jobs`. */
struct answer jobs_ask(struct server_state *server, struct served *served, struct MHD_Connection *connection,
		       const struct profile_wish *wish);
/* To be called when a task's pipe can be read, or its time is over. Whether any is done. */
bool jobs_take(struct server_state *server);
/* The connection is closed. */
void jobs_forget(struct server_state *server, const struct MHD_Connection *connection);
void jobs_stop(struct server_state *server);

#endif
