/* SPDX-License-Identifier: Apache-2.0 */
/* Describes the process in the heap file's header. It is read once, by raw system calls, when a recording begins. */
#ifndef SEEP_RECORDING_DESCRIBE_H
#define SEEP_RECORDING_DESCRIBE_H

#include <seep/heap.h>

/* Fills in the constant fields of a zeroed header except areas and file_bytes: pid, start time, boot id, command,
 * executable, arguments, host, clocks. */
void describe_process(struct seep_heap_header *header);

/* Bytes of address space that RLIMIT_AS leaves this process; UINT64_MAX: no limit. */
uint64_t describe_address_space_left(void);

#endif
