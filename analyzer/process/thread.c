/* SPDX-License-Identifier: Apache-2.0 */
/* See thread.h. */
#include "process/thread.h"

#include "process/signals.h"

enum { STACK_BYTES = 256 << 10 };

/* All signals except those that the thread's own faults raise. */
static void block(sigset_t *before)
{
	sigset_t all = signals_all();

	sigdelset(&all, SIGBUS); /* a heap file that was cut raises it: see files/sigbus_guard.h */
	signals_mask(SIG_SETMASK, &all, before);
}

void thread_signals_block(void)
{
	block(NULL);
}

bool thread_start(pthread_t *thread, void *(*run)(void *), void *argument, bool detached)
{
	sigset_t before;
	pthread_attr_t attributes;

	block(&before);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	pthread_attr_setdetachstate(&attributes, detached ? PTHREAD_CREATE_DETACHED : PTHREAD_CREATE_JOINABLE);
	bool started = pthread_create(thread, &attributes, run, argument) == 0;
	pthread_attr_destroy(&attributes);
	signals_mask(SIG_SETMASK, &before, NULL);
	return started;
}
