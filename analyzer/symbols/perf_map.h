/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names for code that was compiled at run time, from the map that runtimes
 * write for perf: /tmp/perf-PID.map, lines of "START SIZE NAME" in hexadecimal.
 */
#ifndef SEEP_SYMBOLS_PERF_MAP_H
#define SEEP_SYMBOLS_PERF_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strings.h"

struct perf_map; /* opaque */

/* Reads a map that belongs to this user or to root and was last written at `since_unix_ns` or later (an older one is of
 * another process that had the number). NULL: there is none to be used. */
struct perf_map *perf_map_open(const char *path, uint64_t since_unix_ns);
void perf_map_free(struct perf_map *map);

/* The name of the code that holds the address, in `strings` and fit to print; NULL: unknown. Of several that were
 * compiled to the same place the last one counts. */
const char *perf_map_find(const struct perf_map *map, uint64_t address, struct string_pool *strings);

#endif
