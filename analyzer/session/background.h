/* SPDX-License-Identifier: Apache-2.0 */
/* How a process becomes one in the background. */
#ifndef SEEP_SESSION_BACKGROUND_H
#define SEEP_SESSION_BACKGROUND_H

#include "session/session.h"

/* Closes all descriptors from `first` on except those listed in rising order. */
void descriptors_close_but(int first, const int *kept, size_t count);

/* Leaves the caller's session, directory and descriptors, except those listed in rising order. A process that stays
 * must not hold the terminal, a pipe on whose end somebody waits, or a directory that somebody wants to unmount. */
void background_enter(const int *kept, size_t count);

/* The same for a process that serves a session: it keeps the session's descriptors and one more. */
void background_enter_with(const struct session *session, int descriptor);

#endif
