/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs of another pid namespace than ours, as in containers. Their number
 * in the heap file is their own; /proc here knows them by another one, if at
 * all, and the process with that number here is somebody else.
 */
#ifndef SEEP_PROGRAM_NAMESPACE_H
#define SEEP_PROGRAM_NAMESPACE_H

#include <stdbool.h>
#include <stdint.h>

#include <seep/heap.h>

/* Does the program live in a pid namespace other than ours? */
bool namespace_is_foreign(const struct seep_heap_header *header);

/* The number that a process of another namespace has here; 0: it has ended, or cannot be seen from here. Looks through all
 * of /proc. */
uint64_t namespace_find(uint64_t pid, uint64_t start_ticks);

/* Can we see every process? Then a process that is not found has ended. */
bool namespace_sees_all(void);

/* The parser behind it, on the text of /proc/PID/status, for tests. */
bool namespace_innermost_is(const char *status, uint64_t pid);

#endif
