/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals work as they would without us. Each signal that can be caught and is sent to us alone goes on to the program,
 * once, and with its value. One that was sent to the whole group has reached the program already. When the program
 * stops, we stop.
 */
#ifndef SEEP_RUN_RELAY_H
#define SEEP_RUN_RELAY_H

#include <stdint.h>
#include <sys/types.h>

#include "run/guard.h"

/* Passes on what came before the program was forked, or since: it waits with all signals blocked. Returns the signals that the
 * group got, signal N as bit N - 1: of these, the program lacks those that came before it was there. */
uint64_t relay_begin(struct guard *guard, pid_t program);

/* Waits until the program has ended. Returns its status, as waitpid() has it. All signals must have been blocked since
 * before the program and the guard were started. */
int relay_until_end(struct guard *guard, pid_t program);

#endif
