/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The offsets that this process's time namespace adds to the machine's clocks.
 * A program, its keeper and a reader of its recording may be in different
 * namespaces, so all of them write and compare the machine's own times.
 */
#ifndef SEEP_BASE_EPOCH_H
#define SEEP_BASE_EPOCH_H

#include <stdint.h>

#include "keeper/base/entry.h"

/* Reads it anew: at the start, when a recording begins (fork may lead into another), and when the program has entered
 * another. A few system calls. */
ENTRY void epoch_find(void);

/* In ns; may be negative. Found at the first call, if not before. */
int64_t epoch_monotonic_ns(void);
int64_t epoch_boottime_ns(void);

#endif
