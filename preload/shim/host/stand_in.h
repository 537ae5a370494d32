/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions that stand in for an entry point until the real one is known, and for good where no library behind ours
 * has its name. We export every name always, because ELF knows no other way. So a program may call mi_malloc with
 * glibc behind us; it gets what mimalloc's manual says, by means of C's functions.
 */
#ifndef SEEP_HOST_STAND_IN_H
#define SEEP_HOST_STAND_IN_H

#include <stddef.h>

#include "keeper/base/entry.h"

/* Memory from C's functions, or from the arena while a look-up runs, for a block that is resized and may be the arena's. */
ENTRY void *stand_in_resize(void *old, size_t size, size_t alignment, int traits);

#endif
