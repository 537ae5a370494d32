/* SPDX-License-Identifier: Apache-2.0 */
/* The calls that mapped memory before there was a recording. A fixed number of them: more are counted as lost, so the
 * recording begins before. */
#ifndef SEEP_RECORD_MAPPING_LOG_H
#define SEEP_RECORD_MAPPING_LOG_H

#include "keeper/base/atomics.h"
#include "keeper/mappings/mapping_ring.h"

/* Is it the allocator that calls from here, and not the program that it is linked into? False before the constructor: the log
 * asks again when it hands over. */
bool mapping_log_is_allocator(uintptr_t caller);

/* Notes a call with its stack. Any thread, signal-safe. True: there is room for few more. */
bool mapping_log_add(const struct mapping_event *call, const void *hook_frame);

/* Entries that were noted and not handed over. */
extern HIDDEN seep_atomic32 mapping_log_waiting;

/* Puts them into the ring. Several threads may do so at once; each call is handed over once. */
void mapping_log_hand_over(const struct heap *heap, uint32_t thread);

#endif
