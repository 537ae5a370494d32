/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks a running program's allocator about its heap: jemalloc's statistics, tcmalloc's properties, or the pages of
 * mimalloc's threads. seep asks in a copy of the program's memory (analyzer/copy/), where waiting for one of the
 * program's locks holds up nobody. The program stands still for the time that the kernel takes to copy its page tables.
 */
#ifndef SEEP_ALLOCATORS_ASK_H
#define SEEP_ALLOCATORS_ASK_H

#include <sys/types.h>

#include "account/figures.h"
#include "base/error.h"

/* Whether an allocator of that name can be asked. */
bool allocator_can_tell(const char *allocator);

/* False: the error says why the allocator can't be asked, or why it did not answer. */
bool allocator_ask(struct allocator_figures *figures, const char *allocator, pid_t pid, struct error *error);

#endif
