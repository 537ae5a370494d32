/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the operating system says of the program's memory, into header->memory.
 * /proc/PID/status is cheap (about 40 us); the limit of the control group is
 * read through a walk over its parents, so rarely.
 */
#ifndef SEEP_KEEPER_MEMORY_H
#define SEEP_KEEPER_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "heap/heap.h"

/* Stores one value and marks it known. */
void memory_store(const struct heap *heap, enum seep_memory_key key, uint64_t value);

/* RSS and its parts, peak, swap, virtual size. False: /proc/PID/status cannot be read (the old values stay). */
bool memory_read_status(const struct heap *heap);

/* The smallest limit of the control group (v1 or v2) and its parents, and the process's own limits of address space and
 * data; unknown where there is none. True: the control group has one. */
bool memory_read_limit(const struct heap *heap);

/* Has the program forbidden itself system calls by seccomp? False where that cannot be read. */
bool memory_is_confined(const struct heap *heap);

/* The parsers behind them, on text, for tests. Bytes; false: the field is not there. */
bool memory_status_field(const char *status, const char *field, uint64_t *bytes);
/* The soft limit of a line of /proc/PID/limits; false also where it is unlimited. */
bool memory_resource_limit(const char *limits, const char *name, uint64_t *bytes);
/* Copies the memory group's path out of /proc/PID/cgroup: of v1's memory controller, else of v2. */
bool memory_group_path(const char *cgroup, bool *version1, char *path, uint32_t size);

#endif
