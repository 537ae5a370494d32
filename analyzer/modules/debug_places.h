/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether there is a file where libdwfl would look for a module's debug file. Most modules have none, and then libdwfl
 * goes on to servers: it loads libdebuginfod with its thirty libraries, which takes longer than everything else that is
 * done for a module. And it would ask nobody, since DEBUGINFOD_URLS is never set for it (debuginfod.h).
 */
#ifndef SEEP_MODULES_DEBUG_PLACES_H
#define SEEP_MODULES_DEBUG_PLACES_H

#include <stdbool.h>
#include <stdint.h>

/* `list`: libdwfl's directories, separated by colons. `file`: the module's path; `link`: its debug link, or NULL. The
 * build id may have no bytes. */
bool debug_places_have_file(const char *list, const uint8_t *build_id, uint32_t build_id_bytes, const char *file,
			    const char *link);

#endif
