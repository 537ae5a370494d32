/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks `seep run` for what this process may not do itself, because it has
 * become another user or has another root: see <seep/host.h>.
 */
#ifndef SEEP_RECORDING_SESSION_HOST_H
#define SEEP_RECORDING_SESSION_HOST_H

#include <stdbool.h>

#include <seep/heap.h>

/* Makes a recording whose heap file is planned in the header, in memory if it has at most so many bytes. Fills in
 * what the making decides, and registers it. Returns a descriptor of the heap file, or -errno, within a few seconds.
 * All signals must be blocked. */
int session_host_recording(struct seep_heap_header *header, uint64_t memory_most);

/* Tells the user a line. False: nobody took it. */
bool session_host_note(const char *text);

#endif
