/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recordings for processes of the run that may not make them themselves, because they have become another user or have
 * another root. They ask here (<seep/host.h>). Such recordings are ours like all others; the process that asked gets
 * only the heap file.
 */
#ifndef SEEP_SESSION_HOST_H
#define SEEP_SESSION_HOST_H

#include "session/registry.h"

struct host;

/* Makes the socket and the keys that the session hands on. Without a socket, those processes make their recordings
 * themselves if they can. */
void host_listen(struct session *session);

/* Begins to serve the socket. The session must outlive the host. */
struct host *host_begin(const struct session *session);

/* Answers those who ask, until `rouse` (a descriptor) can be read or the time has passed. */
void host_wait(struct host *host, int rouse, int timeout_ms);

void host_end(struct host *host);

#endif
