/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asking `seep run` for what this process may not do itself, since it has
 * become another user or has another root: see <seep/host.h>.
 */
#ifndef SEEP_RECORDING_SESSION_HOST_H
#define SEEP_RECORDING_SESSION_HOST_H

#include <stdbool.h>

#include <seep/heap.h>

/* A recording whose heap file is planned in the header, in memory if it has at most so many bytes. Fills in what the
 * making decides, and registers it. A descriptor of the heap file, or -errno: a few seconds at most. All signals are
 * blocked. */
int session_host_recording(struct seep_heap_header *header, uint64_t memory_most);

/* A line for the user. False: nobody took it. */
bool session_host_note(const char *text);

#endif
