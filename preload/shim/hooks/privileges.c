/* SPDX-License-Identifier: Apache-2.0 */
/*
 * setuid and its kin, and chroot, watched for a program that is about to become
 * another user or to have another root: it may not be able to make a recording
 * then. Where no `seep run` would make it later, the recording begins before
 * the call.
 */
#include <unistd.h>

#include "keeper/base/syscall.h"
#include "shim/hooks/hook.h"
#include "shim/hooks/privileges.h"
#include "shim/recording/recording.h"

EXPORT int setuid(uid_t user);
EXPORT int seteuid(uid_t user);
EXPORT int setreuid(uid_t user, uid_t effective);
EXPORT int setresuid(uid_t user, uid_t effective, uid_t saved);
EXPORT int chroot(const char *path);

void privileges_leave(uid_t effective)
{
	if (effective != (uid_t)-1 && effective != system_effective_user())
		recording_depart();
}

int setuid(uid_t user)
{
	privileges_leave(user);
	return real.setuid ? real.setuid(user) : (int)as_libc(system_call(SYS_setuid, user, 0, 0, 0, 0, 0));
}

int seteuid(uid_t user)
{
	privileges_leave(user);
	return real.seteuid ? real.seteuid(user) : (int)as_libc(system_call(SYS_setresuid, -1, user, -1, 0, 0, 0));
}

int setreuid(uid_t user, uid_t effective)
{
	privileges_leave(effective);
	return real.setreuid ? real.setreuid(user, effective)
			     : (int)as_libc(system_call(SYS_setreuid, user, effective, 0, 0, 0, 0));
}

int setresuid(uid_t user, uid_t effective, uid_t saved)
{
	privileges_leave(effective);
	return real.setresuid ? real.setresuid(user, effective, saved)
			      : (int)as_libc(system_call(SYS_setresuid, user, effective, saved, 0, 0, 0));
}

int chroot(const char *path)
{
	recording_depart();
	return real.chroot ? real.chroot(path) : (int)as_libc(system_call(SYS_chroot, (long)path, 0, 0, 0, 0, 0));
}
