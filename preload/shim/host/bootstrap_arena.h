/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory for calls that arrive while the next allocator is being looked up:
 * dlsym itself allocates. It is bounded, aligned and never given back. Every
 * entry point that takes a pointer asks arena_owns() on its slow path; the
 * filter is marked for each pointer handed out, so the fast path stays as it
 * is.
 */
#ifndef SEEP_HOST_BOOTSTRAP_ARENA_H
#define SEEP_HOST_BOOTSTRAP_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "keeper/base/entry.h"

/* Zeroed memory, or NULL when `alignment` is not a power of two or the arena is full. Any thread. */
ENTRY void *arena_allocate(size_t bytes, size_t alignment);
/* Gives nothing any more if it has given nothing yet: true. Once the look-up is over. */
bool arena_close(void);
bool arena_owns(const void *pointer);
/* The bytes that were asked for at an address of the arena's. */
size_t arena_size(const void *pointer);

#endif
