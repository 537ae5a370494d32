/* SPDX-License-Identifier: Apache-2.0 */
/* Threads of ours that keep recordings: small, and with all signals blocked, which are for others. */
#ifndef SEEP_PROCESS_THREAD_H
#define SEEP_PROCESS_THREAD_H

#include <pthread.h>
#include <stdbool.h>

/* False: there is no thread to be had. */
bool thread_start(pthread_t *thread, void *(*run)(void *), void *argument, bool detached);

/* Each calls it when it begins, since the C library lets its own signals in, which may be meant for the program. */
void thread_signals_block(void);

#endif
