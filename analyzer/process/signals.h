/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signal masks and waiting for all 64 signals. The C library's sets leave out the two that it uses itself, although a
 * program may get and catch these, too.
 */
#ifndef SEEP_PROCESS_SIGNALS_H
#define SEEP_PROCESS_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

enum { SIGNALS = 64 };

sigset_t signals_all(void);

/* Like sigprocmask(), for the calling thread; `before` may be NULL. */
void signals_mask(int how, const sigset_t *set, sigset_t *before);

/* Takes a signal that is blocked; waits for one if asked to. False: there is none, or the wait was interrupted. */
bool signals_take(siginfo_t *signal, bool wait);

/* The same for one signal number, without waiting. */
bool signals_take_one(int number, siginfo_t *signal);

bool signals_pending(int number);

#endif
