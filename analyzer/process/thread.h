/* SPDX-License-Identifier: Apache-2.0 */
/* Threads of seep that keep recordings: they have small stacks, and block all signals, because signals are for other
 * threads. */
#ifndef SEEP_PROCESS_THREAD_H
#define SEEP_PROCESS_THREAD_H

#include <pthread.h>
#include <stdbool.h>

/* False: no thread can be made. */
bool thread_start(pthread_t *thread, void *(*run)(void *), void *argument, bool detached);

/* Each thread calls this first: the C library leaves its own signals unblocked, and these may be meant for the
 * program. */
void thread_signals_block(void);

#endif
