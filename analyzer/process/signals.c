/* SPDX-License-Identifier: Apache-2.0 */
/* Calls the kernel directly: see signals.h. */
#include "process/signals.h"

#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { SET_BYTES = SIGNALS / 8 };

sigset_t signals_all(void)
{
	sigset_t all;

	memset(&all, 0xff, sizeof all);
	return all;
}

void signals_mask(int how, const sigset_t *set, sigset_t *before)
{
	if (before)
		memset(before, 0, sizeof *before);
	syscall(SYS_rt_sigprocmask, how, set, before, SET_BYTES);
}

bool signals_take(siginfo_t *signal, bool wait)
{
	static const struct timespec none;
	const sigset_t all = signals_all();

	return syscall(SYS_rt_sigtimedwait, &all, signal, wait ? NULL : &none, SET_BYTES) > 0;
}

bool signals_take_one(int number, siginfo_t *signal)
{
	static const struct timespec none;
	sigset_t one;

	memset(&one, 0, sizeof one);
	sigaddset(&one, number);
	return syscall(SYS_rt_sigtimedwait, &one, signal, &none, SET_BYTES) > 0;
}

bool signals_pending(int number)
{
	sigset_t pending;

	memset(&pending, 0, sizeof pending);
	return syscall(SYS_rt_sigpending, &pending, SET_BYTES) == 0 && sigismember(&pending, number) == 1;
}
