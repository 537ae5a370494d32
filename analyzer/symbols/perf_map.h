/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names for code that was compiled at run time, from the map that runtimes write for perf: /tmp/perf-PID.map, lines of
 * "START SIZE NAME" in hexadecimal.
 *
 * Anybody may put a file there, the machine may have been rebooted, and the kernel gives a process's number to another
 * one later, so a map is taken only if it can be that process's.
 */
#ifndef SEEP_SYMBOLS_PERF_MAP_H
#define SEEP_SYMBOLS_PERF_MAP_H

#include <stdint.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "base/string_pool.h"
#include "symbols/symbols.h"

struct perf_map; /* opaque */

/* The process whose map it should be. */
struct perf_map_origin {
	uid_t owner;              /* of the recording; root and this user are trusted, too */
	uint64_t started_unix_ns; /* a map last written before this belongs to an earlier process */
	uint64_t ended_unix_ns;   /* a map written after this belongs to a later process; 0: unknown */
};

/* Reads a map. NULL: no map can be used, and `reason` says why, after the path. */
struct perf_map *perf_map_open(const char *path, const struct perf_map_origin *origin, struct buffer *reason);

/* Reads the map of a recorded process. `origin`: what the recording says; this looks whether the process still runs, or
 * another one has its number by now. `said` receives the map's path, or why none can be used; nothing if the process has
 * no number. */
struct perf_map *perf_map_of_process(const struct symbol_process *process, struct perf_map_origin origin,
				     struct buffer *said);
void perf_map_free(struct perf_map *map);

/* The name of the code at the address, in `strings` and fit to print; NULL: unknown. If several were compiled to the
 * same place, the last one counts. */
const char *perf_map_find(const struct perf_map *map, uint64_t address, struct string_pool *strings);

#endif
