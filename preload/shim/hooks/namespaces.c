/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unshare and setns. The kernel lets a process enter some namespaces only while
 * it has one thread, or shares its directories with nobody. A keeper that is a
 * thread of the program ends before such a call and begins again after it.
 */
#include <sched.h>

#include "keeper/base/epoch.h"
#include "keeper/base/syscall.h"
#include "shim/hooks/hook.h"
#include "shim/hooks/namespaces.h"
#include "shim/recording/recording.h"

EXPORT int unshare(int flags);
EXPORT int setns(int descriptor, int type);

bool namespaces_want_us_alone(long number, long first, long second)
{
	const long unshared = CLONE_NEWUSER | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM;
	const long entered = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWTIME;
	if (number == SYS_unshare)
		return first & unshared;
	return number == SYS_setns && (second == 0 || second & entered); /* 0: the descriptor may be of any kind */
}

int unshare(int flags)
{
	bool paused = namespaces_want_us_alone(SYS_unshare, flags, 0) && recording_pause_keeper();
	int result = real.unshare ? real.unshare(flags) : (int)as_libc(system_call(SYS_unshare, flags, 0, 0, 0, 0, 0));
	if (paused)
		recording_resume_keeper();
	return result;
}

void namespaces_entered(void)
{
	if (!recording_is_confined())
		epoch_find(); /* it may be a namespace of time */
}

int setns(int descriptor, int type)
{
	bool paused = namespaces_want_us_alone(SYS_setns, descriptor, type) && recording_pause_keeper();
	int result = real.setns ? real.setns(descriptor, type)
				: (int)as_libc(system_call(SYS_setns, descriptor, type, 0, 0, 0, 0));
	if (result == 0)
		namespaces_entered();
	if (paused)
		recording_resume_keeper();
	return result;
}
