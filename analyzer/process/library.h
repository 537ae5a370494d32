/* SPDX-License-Identifier: Apache-2.0 */
/* Where libseep.so and the allocators of other packages are, and how they are put into LD_PRELOAD. */
#ifndef SEEP_PROCESS_LIBRARY_H
#define SEEP_PROCESS_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define SHIM_NAME "libseep.so"

/* The absolute path of libseep.so: SEEP_LIBRARY, or beside this program, or below ../lib/seep or ../lib. False: the
 * error says where seep looked. */
bool library_find_shim(char *path, size_t size, struct error *error);

/* The absolute path of an allocator: of jemalloc, tcmalloc or mimalloc, or of a library that is given by its path.
 * False: the error names the Debian package that has it. */
bool library_find_allocator(const char *name, char *path, size_t size, struct error *error);

/* "LD_PRELOAD=" and a list; the caller frees it. The list has the shim, then the allocator (each may be NULL), then
 * what was there before (may be NULL) without any other libseep.so. NULL if nothing is left. */
char *library_join_preload(const char *shim, const char *allocator, const char *before);

/* True if a list in LD_PRELOAD's form names a libseep.so. */
bool library_preload_has_shim(const char *list);

#endif
