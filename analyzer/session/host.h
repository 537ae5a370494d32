/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recordings for processes of the run that may not make them themselves: they
 * have become another user or have another root, and ask here (<seep/host.h>).
 * They belong to us like all others; the process that asked gets the heap file
 * alone.
 */
#ifndef SEEP_SESSION_HOST_H
#define SEEP_SESSION_HOST_H

#include "session/registry.h"

struct host;

/* Makes the socket and the keys that the session hands on. Without a socket, those processes record by themselves, or
 * not at all. */
void host_listen(struct session *session);

/* Begins to serve the socket. The session must outlive the host. */
struct host *host_begin(const struct session *session);

/* Waits until somebody asks, `rouse` (a descriptor) can be read, or the time has passed; answers those who have
 * asked. */
void host_wait(struct host *host, int rouse, int timeout_ms);

void host_end(struct host *host);

#endif
