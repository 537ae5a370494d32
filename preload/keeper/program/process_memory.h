/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Puts the kernel's figures of the program's memory into header->memory.
 * /proc/PID/status takes about 40 us. Limits are in limits.h.
 */
#ifndef SEEP_PROGRAM_PROCESS_MEMORY_H
#define SEEP_PROGRAM_PROCESS_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "keeper/heap/heap.h"

/* Stores one value and marks it known. */
void memory_store(const struct heap *heap, enum seep_memory_key key, uint64_t value);

/* RSS and its parts, peak, swap, virtual size; and SEEP_STATUS_DUMPED, once the kernel writes the program's core dump (Linux
 * 4.15). False: /proc/PID/status cannot be read (the old values stay). */
bool memory_read_status(const struct heap *heap);

/* Has the program forbidden itself system calls by seccomp? A filter that the keeper runs behind as well (a
 * container's) was there before the program. False also if that cannot be read. */
bool memory_is_confined(const struct heap *heap);

#endif
