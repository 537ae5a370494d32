/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals are as they were without us: each that can be caught and is sent to
 * us alone goes to the program, once, and with its value. One that was sent to
 * the whole group has reached the program already. When the program stops, so
 * do we.
 */
#ifndef SEEP_RUN_RELAY_H
#define SEEP_RUN_RELAY_H

#include <sys/types.h>

#include "run/guard.h"

/* Waits until the program has ended. Its status, as waitpid() has it. All signals must be blocked, since before the
 * program was started and the guard was begun. */
int relay_until_end(struct guard *guard, pid_t program);

#endif
