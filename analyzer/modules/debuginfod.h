/* SPDX-License-Identifier: Apache-2.0 */
/* Debug files by build id, and sources, from the servers in DEBUGINFOD_URLS. Every request goes through here, so that a server that
 * is slow, or never ends, costs one command no more than BUDGET_SERVER_SECONDS, and all of them no more than
 * BUDGET_SERVERS_SECONDS. */
#ifndef SEEP_MODULES_DEBUGINFOD_H
#define SEEP_MODULES_DEBUGINFOD_H

#include <stdint.h>

#include "base/buffer.h"

/* The first call begins the command's time. Call it before the child that will ask is made. */
void debuginfod_begin(void);

/* Takes the servers out of the environment, where libdw would find them and ask by itself. */
void debuginfod_take_servers(void);

/* An open descriptor; -1: DEBUGINFOD_URLS names no server, or none has the build. `said` gets any other reason. */
int debuginfod_fetch(const uint8_t *build_id, uint32_t build_id_bytes, struct buffer *path, struct buffer *said);

/* The same for a source file of a build, by the name that its debug information has; "/" must begin it, and it is at most so large.
 * Where the servers are still in the environment, they stay there. */
int debuginfod_fetch_source(const uint8_t *build_id, uint32_t build_id_bytes, const char *name, uint32_t bytes_most,
			    struct buffer *said);

#endif
