/* SPDX-License-Identifier: Apache-2.0 */
/* The program that a heap file belongs to, in whatever pid namespace it lives. */
#ifndef SEEP_PROGRAM_OWNER_H
#define SEEP_PROGRAM_OWNER_H

#include <stdbool.h>

#include <seep/heap.h>

/* A program in a pid namespace that we cannot look into counts as alive for this long after it was last seen. */
#define OWNER_FOREIGN_LIFE_NS UINT64_C(10000000000)

/* Is it alive? */
bool owner_is_alive(const struct seep_heap_header *header);

#endif
