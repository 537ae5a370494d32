/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The `seep run` above this process: its registry, a file in which it learns of
 * recordings, and the checks before anything is written to that file. A process
 * that may not write to it asks by session_host.h.
 */
#ifndef SEEP_RECORDING_SESSION_H
#define SEEP_RECORDING_SESSION_H

#include <stdbool.h>

/* May we write to its registry? Also true without a session. */
bool session_is_open(void);

/* Tells it of a recording. False: nobody will read that. A daemon outlives its run, whose end removes the file. */
bool session_register(const char *directory);

/* Tells the user one line, such as why there is no recording: through the session, or on stderr without one. */
void session_say(const char *what, const char *detail);

#endif
