/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The `seep run` above this process: its registry, a file in which it learns of
 * recordings, and the checks before anything is written to that file. A process
 * that may not write to it, because it has become another user or has another
 * root, asks `seep run` (session_host.c, <seep/host.h>).
 */
#ifndef SEEP_RECORDING_SESSION_H
#define SEEP_RECORDING_SESSION_H

#include <stdbool.h>

#include <seep/heap.h>

/* May we write to its registry? Also true without a session. */
bool session_is_open(void);

/* Tells it of a recording. False: nobody will read that. A daemon outlives its run, whose end removes the file. */
bool session_register(const char *directory);

/* Tells the user one line, such as why there is no recording: through the session, or on stderr without one. */
void session_say(const char *what, const char *detail);

/* Makes a recording whose heap file is planned in the header, in memory if it has at most so many bytes. Fills in
 * what the making decides, and registers it. Returns a descriptor of the heap file, or -errno, within a few seconds.
 * All signals must be blocked. */
int session_host_recording(struct seep_heap_header *header, uint64_t memory_most);

/* Tells the user a line. False: nobody receives it. */
bool session_host_note(const char *text);

#endif
