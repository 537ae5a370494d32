/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prctl, watched for a program that is about to confine itself. To begin a
 * recording takes a directory and a file; behind a seccomp filter the attempt
 * may be death. So the recording begins before the filter is there, or, in a
 * forked child (between fork and exec, or a server's unprivileged half), there
 * is none. libseccomp, too, first sets "no new privileges" by prctl.
 */
#include <errno.h>
#include <stdarg.h>
#include <sys/prctl.h>

#include "base/syscall.h"
#include "hooks/hook.h"
#include "record/recording.h"

EXPORT int prctl(int option, ...);

int prctl(int option, ...)
{
	long arguments[4];
	va_list list;
	va_start(list, option);
	for (int i = 0; i < 4; i++)
		arguments[i] = va_arg(list, long);
	va_end(list);
	if (option == PR_SET_SECCOMP || (option == PR_SET_NO_NEW_PRIVS && arguments[0] == 1))
		recording_confine();
	if (real.prctl)
		return real.prctl(option, arguments[0], arguments[1], arguments[2], arguments[3]);
	long result = system_call(SYS_prctl, option, arguments[0], arguments[1], arguments[2], arguments[3], 0);
	if (result >= 0)
		return (int)result;
	errno = (int)-result;
	return -1;
}
