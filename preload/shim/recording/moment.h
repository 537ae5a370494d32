/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What time it is for samples. A program may forbid itself to read clocks: by
 * PR_SET_TSC or strict seccomp (the vDSO's clock faults then), or by a filter
 * (it may fall back on a system call). From then on it is the time at which
 * the keeper last saw the program alive.
 */
#ifndef SEEP_RECORDING_MOMENT_H
#define SEEP_RECORDING_MOMENT_H

#include "keeper/heap/heap.h"

/* CLOCK_MONOTONIC, ns; once it is stopped it moves by a nanosecond a call where the keeper says nothing new, so that no
 * two samples have the same. */
uint64_t moment_now_ns(void);

/* No clock is read any more. `header` may be NULL. */
void moment_stop(const struct seep_heap_header *header);

#endif
