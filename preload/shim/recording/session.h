/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The `seep run` above this process: its registry, a file in which it learns
 * of recordings, and what must hold before anything is written to it. What may
 * not write to it asks by session_host.h.
 */
#ifndef SEEP_RECORDING_SESSION_H
#define SEEP_RECORDING_SESSION_H

#include <stdbool.h>

/* May we write to its registry? True without a session, too. */
bool session_is_open(void);

/* Tells it of a recording. False: nobody will read it. A daemon outlives the run, whose end takes the file away. */
bool session_register(const char *directory);

/* Tells the user one line, such as why there is no recording: by the session, or without one on stderr. */
void session_say(const char *what, const char *detail);

#endif
