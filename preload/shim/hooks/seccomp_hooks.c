/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prctl and syscall, watched for a program that is about to confine itself, or
 * to become another user (privileges.c). To begin a recording takes a directory
 * and a file; behind a seccomp filter the attempt may be death. So the recording
 * begins before the filter is there; in a forked child (between fork and exec,
 * or a server's unprivileged half) there is none. libseccomp calls seccomp(2),
 * which libc has no function for, through syscall(); a call without a filter
 * only asks what there is.
 *
 * syscall() itself is in syscall.S. A fork made this way runs no handlers of
 * libc's: its child's part is done here.
 */
#include <sched.h>
#include <stdarg.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

#include "keeper/base/syscall.h"
#include "shim/hooks/hook.h"
#include "shim/hooks/namespaces.h"
#include "shim/hooks/privileges.h"
#include "shim/recording/keeper_process.h"
#include "shim/recording/recording.h"

EXPORT int prctl(int option, ...);

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#define PR_SYS_DISPATCH_ON 1
#endif

static bool prctl_confines(long option, long mode, long filter)
{
	if (option == PR_SET_SECCOMP)
		return mode == SECCOMP_MODE_STRICT || (mode == SECCOMP_MODE_FILTER && filter);
	return (option == PR_SET_TSC && mode == PR_TSC_SIGSEGV) || /* clocks read it */
	       (option == PR_SET_SYSCALL_USER_DISPATCH && mode == PR_SYS_DISPATCH_ON);
}

static bool seccomp_confines(long operation, long filter)
{
	return operation == SECCOMP_SET_MODE_STRICT || (operation == SECCOMP_SET_MODE_FILTER && filter);
}

static void confine(void)
{
	recording_confine();
	recording_stop_clock();
}

int prctl(int option, ...)
{
	long arguments[4];
	va_list list;
	va_start(list, option);
	for (int i = 0; i < 4; i++)
		arguments[i] = va_arg(list, long);
	va_end(list);
	if (option == PR_SET_CHILD_SUBREAPER)
		keeper_process_note_gathering();
	if (prctl_confines(option, arguments[0], arguments[1]))
		confine();
	if (real.prctl)
		return real.prctl(option, arguments[0], arguments[1], arguments[2], arguments[3]);
	return (int)as_libc(system_call(SYS_prctl, option, arguments[0], arguments[1], arguments[2], arguments[3], 0));
}

#ifdef __x86_64__
/* syscall.S reads the one and calls the other. */
extern HIDDEN long (*syscall_next)(long number, ...);
HIDDEN void *syscall_watch(long number, long first, long second, long third);

__attribute__((used)) long (*syscall_next)(long number, ...);

/* As libc's. Until our constructor has run: an allocator that begins may be calling, with its lock held, and a look-up
 * might ask it for memory. */
static long syscall_plainly(long number, long a, long b, long c, long d, long e, long f)
{
	return as_libc(system_call(number, a, b, c, d, e, f));
}

/* A fork without libc's handlers, whose child comes back on a copy of this stack, with this thread's variables. Of
 * clone3 the arguments are not looked at: they may be nowhere. */
static bool forks(long number, long flags, long stack)
{
	return number == SYS_fork || (number == SYS_clone && !(flags & (CLONE_VM | CLONE_SETTLS)) && !stack);
}

/* As libc's, too: these return once in a memory, so there may be something to do after them. */
static long syscall_alone(long number, long a, long b, long c, long d, long e, long f)
{
	bool paused = namespaces_want_us_alone(number, a, b) && recording_pause_keeper();
	long result = (syscall_next ? syscall_next : (long (*)(long, ...))syscall_plainly)(number, a, b, c, d, e, f);
	if (result == 0 && number == SYS_setns)
		namespaces_entered();
	if (result == 0 && forks(number, a, b))
		recording_begin_child();
	if (paused)
		recording_resume_keeper();
	return result;
}

/* For a few numbers, and as long as the next one is not known: says where to go on. */
__attribute__((used)) void *syscall_watch(long number, long first, long second, long third)
{
	if (recording_is_prepared())
		syscall_next = real.syscall;
	if ((number == SYS_prctl && prctl_confines((int)first, second, third)) ||
	    (number == SYS_seccomp && seccomp_confines((unsigned)first, third)))
		confine();
	if (number == SYS_prctl && first == PR_SET_CHILD_SUBREAPER)
		keeper_process_note_gathering();
	if (number == SYS_setuid)
		privileges_leave((uid_t)first);
	if (number == SYS_setreuid || number == SYS_setresuid)
		privileges_leave((uid_t)second);
	if (number == SYS_unshare || number == SYS_setns || forks(number, first, second))
		return (void *)(uintptr_t)syscall_alone;
	return syscall_next ? (void *)(uintptr_t)syscall_next : (void *)(uintptr_t)syscall_plainly;
}
#endif
