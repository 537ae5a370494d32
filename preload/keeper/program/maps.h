/* SPDX-License-Identifier: Apache-2.0 */
/* Which modules a process has mapped, seen from outside it: for a keeper that is not in the target. */
#ifndef SEEP_PROGRAM_MAPS_H
#define SEEP_PROGRAM_MAPS_H

#include <stdint.h>

#include "keeper/heap/heap.h"

#define MAPS_LOOK_NS UINT64_C(1000000000)

/* As modules_watch(), from /proc/PID/maps: a module whose first page is no longer a mapping of a file is gone. Does
 * nothing where maps cannot be read (another user, not dumpable, ended). Returns the number of modules that are still
 * there though their file is gone. */
uint32_t maps_watch_modules(const struct heap *heap);

#endif
