/* SPDX-License-Identifier: Apache-2.0 */
/* Threads of ours that keep recordings: small, and with all signals blocked, because signals are for other threads. */
#ifndef SEEP_PROCESS_THREAD_H
#define SEEP_PROCESS_THREAD_H

#include <pthread.h>
#include <stdbool.h>

/* False: no thread can be made. */
bool thread_start(pthread_t *thread, void *(*run)(void *), void *argument, bool detached);

/* Each thread calls it first, since the C library leaves its own signals unblocked, which may be meant for the
 * program. */
void thread_signals_block(void);

#endif
