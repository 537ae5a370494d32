/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether there is a file where libdwfl would look for a module's debug file. Most modules have none, and where libdwfl finds none it
 * goes on to servers: it loads libdebuginfod and the thirty libraries of that, which takes longer than all else that is done for a
 * module, and asks nobody unless DEBUGINFOD_URLS is set, which it never is for it (debuginfod.h).
 */
#ifndef SEEP_MODULES_DEBUG_PLACES_H
#define SEEP_MODULES_DEBUG_PLACES_H

#include <stdbool.h>
#include <stdint.h>

/* `list`: libdwfl's, separated by colons. `file`: the module's; `link`: its debug link, NULL: it has none. Its build id may have no
 * bytes. */
bool debug_places_have_file(const char *list, const uint8_t *build_id, uint32_t build_id_bytes, const char *file,
			    const char *link);

#endif
