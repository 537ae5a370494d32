/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Masks and waiting with all 64 signals. The C library leaves out of its sets
 * the two that it uses itself, which a program may get and catch all the same.
 */
#ifndef SEEP_PROCESS_SIGNALS_H
#define SEEP_PROCESS_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

enum { SIGNALS = 64 };

sigset_t signals_all(void);

/* As sigprocmask(), of the calling thread; before may be NULL. */
void signals_mask(int how, const sigset_t *set, sigset_t *before);

/* Takes a signal that is blocked; waits for one if asked to. False: there is none, or the wait was interrupted. */
bool signals_take(siginfo_t *signal, bool wait);

/* The same, of that number only, and without waiting. */
bool signals_take_one(int number, siginfo_t *signal);

bool signals_pending(int number);

#endif
