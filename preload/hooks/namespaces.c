/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unshare and setns: some namespaces are for processes without threads only,
 * or for such as share their directories with nobody. Where the keeper is a
 * thread of the program it ends before such a call, and begins again after it.
 */
#include <sched.h>

#include "base/syscall.h"
#include "hooks/hook.h"
#include "record/recording.h"

EXPORT int unshare(int flags);
EXPORT int setns(int descriptor, int type);

int unshare(int flags)
{
	const int alone = CLONE_NEWUSER | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM;
	bool paused = (flags & alone) && recording_pause_keeper();
	int result = real.unshare ? real.unshare(flags) : (int)as_libc(system_call(SYS_unshare, flags, 0, 0, 0, 0, 0));
	if (paused)
		recording_resume_keeper();
	return result;
}

/* Type 0: whatever the descriptor is of. */
int setns(int descriptor, int type)
{
	const int alone = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWTIME;
	bool paused = (type == 0 || type & alone) && recording_pause_keeper();
	int result = real.setns ? real.setns(descriptor, type)
				: (int)as_libc(system_call(SYS_setns, descriptor, type, 0, 0, 0, 0));
	if (paused)
		recording_resume_keeper();
	return result;
}
