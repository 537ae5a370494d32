/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of the other files here that the constructor calls, and what the hooks ask before it has run. */
#ifndef SEEP_HOOKS_LIFECYCLE_H
#define SEEP_HOOKS_LIFECYCLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keeper/base/entry.h"

/* countdown_is_due(), for the hooks: the first allocation of the program's libraries loads us. */
ENTRY bool lifecycle_is_due(size_t size);

/* The next allocator is known: finds out which of its functions come back to our hooks. */
void malloc_prepare(void);

/* The same: calls of the program's that free an arena of jemalloc's come to us, which counts them. */
void allocators_prepare(void);

/* If every allocation is sampled, malloc always takes its slow half, so that the countdown's arithmetic does not matter. */
void malloc_set_rate(bool everything);

/* Finds out whether the program has its own malloc, and says it. Before the first recording. */
void bypass_find(void);

/* The program has malloc and its like for itself. */
void malloc_stand_aside(void);

/* The same for an allocator that is a part of the program. */
void linked_set_rate(bool everything);

/* Finds out which forms of operator new and delete count in our hooks. */
void cxx_prepare(void);

/* Prepares all that a recording needs, except the gate: the options, which hooks count, the unwinder. `environment` is
 * the program's own; nothing is recorded in secure mode. */
void recorder_prepare(char *const *options, char *const *environment, bool secure);

/* The programs that this one executes are recorded, too: they get these variables (a list that ends with NULL, of which
 * LD_PRELOAD is put before what is there), from the next exec on. */
void environment_follow(char *const *settings);

/* In the constructor of a library that was brought into a running process: it stays idle. */
void join_load(void);

/* Bits of enum seep_status for a program under valgrind and for a python whose pools are on. */
uint32_t environment_status(char *const *environment);

/* --follow=none: takes libseep.so out of LD_PRELOAD, in place and without allocating, so that the programs that this
 * one starts are not preloaded. */
void environment_stop_following(char **environment);

#endif
