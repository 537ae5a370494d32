/* SPDX-License-Identifier: Apache-2.0 */
/* Gets debug files by build id, and sources, from the servers in DEBUGINFOD_URLS. Every request goes through here, so
 * that a slow or endless server costs a command no more than BUDGET_SERVER_SECONDS, and all servers together no more
 * than BUDGET_SERVERS_SECONDS. */
#ifndef SEEP_MODULES_DEBUGINFOD_H
#define SEEP_MODULES_DEBUGINFOD_H

#include <stdint.h>

#include "base/buffer.h"

/* The first call starts the command's time. Call it before the child is forked that will ask. */
void debuginfod_begin(void);

/* Removes the servers from the environment, where libdw would find them and ask by itself. */
void debuginfod_take_servers(void);

/* Returns an open descriptor; -1: DEBUGINFOD_URLS names no server, or no server has the build. Any other reason goes to
 * `said`. */
int debuginfod_fetch(const uint8_t *build_id, uint32_t build_id_bytes, struct buffer *path, struct buffer *said);

/* The same for a source file of a build, by its name in the debug information, which must begin with "/". The file may
 * be no larger than `most`. If the servers are still in the environment, they stay there. */
int debuginfod_fetch_source(const uint8_t *build_id, uint32_t build_id_bytes, const char *name, uint32_t bytes_most,
			    struct buffer *said);

#endif
