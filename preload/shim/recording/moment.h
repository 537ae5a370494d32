/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The time for samples. A program may forbid itself to read clocks: by
 * PR_SET_TSC or strict seccomp (then the vDSO's clock faults), or by a filter
 * (the clock may fall back on a system call). From then on the time is that at
 * which the keeper last saw the program alive.
 */
#ifndef SEEP_RECORDING_MOMENT_H
#define SEEP_RECORDING_MOMENT_H

#include "keeper/heap/heap.h"

/* CLOCK_MONOTONIC, ns. Once clocks are stopped, the time moves by a nanosecond a call while the keeper says nothing
 * new, so that no two samples have the same. */
uint64_t moment_now_ns(void);

/* From now on no clock is read. `header` may be NULL. */
void moment_stop(const struct seep_heap_header *header);

#endif
