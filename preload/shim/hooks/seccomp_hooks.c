/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prctl, fanotify_init and syscall, watched for a program that is about to confine itself, or
 * to become another user (privileges.c). To begin a recording, the shim makes a
 * directory and a file; behind a seccomp filter the attempt may kill the
 * program. So the recording begins before the filter is there. In a forked
 * child (between fork and exec, or a server's unprivileged half) it does not
 * begin at all. libseccomp calls seccomp(2), which libc has no function for,
 * through syscall(). A call without a filter only asks what the kernel can do.
 * A program that answers whether files may be opened is watched for, too: it
 * would have to answer for us while it waits for us.
 *
 * syscall() itself is in syscall.S. A fork made through it runs none of libc's
 * fork handlers, so the child's part is done here.
 */
#include <sched.h>
#include <stdarg.h>
#include <linux/seccomp.h>
#include <sys/fanotify.h>
#include <sys/prctl.h>

#include "keeper/base/syscall.h"
#include "keeper/base/atomics.h"
#include "shim/hooks/hook.h"
#include "shim/hooks/namespaces.h"
#include "shim/hooks/privileges.h"
#include "shim/keeping/keeper_process.h"
#include "shim/keeping/keeper_thread.h"
#include "shim/recording/recording.h"

EXPORT int prctl(int option, ...);
EXPORT int fanotify_init(unsigned flags, unsigned file_flags);

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#define PR_SYS_DISPATCH_ON 1
#endif

static bool prctl_confines(long option, long mode, long filter)
{
	if (option == PR_SET_SECCOMP)
		return mode == SECCOMP_MODE_STRICT || (mode == SECCOMP_MODE_FILTER && filter);
	return (option == PR_SET_TSC && mode == PR_TSC_SIGSEGV) || /* clocks read the time stamp counter */
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

/* Is the program going to be asked whether files may be opened? Then an open of ours would wait for its answer. */
static bool answers_opens(unsigned flags)
{
	return flags & (FAN_CLASS_CONTENT | FAN_CLASS_PRE_CONTENT);
}

int fanotify_init(unsigned flags, unsigned file_flags)
{
	if (answers_opens(flags))
		recording_confine();
	return real.fanotify_init ? real.fanotify_init(flags, file_flags)
				  : (int)as_libc(system_call(SYS_fanotify_init, flags, file_flags, 0, 0, 0, 0));
}

#ifdef __x86_64__
/* syscall.S reads the pointer and calls the function. */
extern HIDDEN long (*syscall_next)(long number, ...);
HIDDEN void *syscall_watch(long number, long first, long second, long third, long fourth, long fifth);

__attribute__((used)) long (*syscall_next)(long number, ...);

/* Stands in for libc's syscall() until our constructor has run: the caller may be an allocator that begins and holds
 * its lock, and a look-up might ask it for memory. */
static long syscall_plainly(long number, long a, long b, long c, long d, long e, long f)
{
	return as_libc(system_call(number, a, b, c, d, e, f));
}

/* Is this a fork without libc's handlers, whose child comes back on a copy of this stack, with this thread's
 * variables? clone3's arguments are not looked at: they may lie nowhere. */
static bool forks(long number, long flags, long stack)
{
	return number == SYS_fork || (number == SYS_clone && !(flags & (CLONE_VM | CLONE_SETTLS)) && !stack);
}

/* For calls that return once in an address space, so that there may be something to do after them. */
static long syscall_alone(long number, long a, long b, long c, long d, long e, long f)
{
	if (number == SYS_mlockall)
		return memory_lock((int)a);
	bool paused = namespaces_want_us_alone(number, a, b) && recording_pause_keeper();
	long result = (syscall_next ? syscall_next : (long (*)(long, ...))syscall_plainly)(number, a, b, c, d, e, f);
	if (result == 0 && number == SYS_setns)
		namespaces_entered();
	if (result == 0 && number == SYS_setrlimit)
		memory_limit_note((int)a);
	if (result == 0 && number == SYS_prlimit64 && c && (a == 0 || a == system_getpid()))
		memory_limit_note((int)b);
	if (result == 0 && forks(number, a, b))
		recording_begin_child();
	if (paused)
		recording_resume_keeper();
	return result;
}

/* Called for a few numbers, and as long as the next syscall() is not known. Returns the function to go on with. */
__attribute__((used)) void *syscall_watch(long number, long first, long second, long third, long fourth, long fifth)
{
	if (recording_is_prepared())
		syscall_next = real.syscall;
	if ((number == SYS_prctl && prctl_confines((int)first, second, third)) ||
	    (number == SYS_seccomp && seccomp_confines((unsigned)first, third)))
		confine();
	if (number == SYS_fanotify_init && answers_opens((unsigned)first))
		recording_confine();
	if (number == SYS_prctl && first == PR_SET_CHILD_SUBREAPER)
		keeper_process_note_gathering();
	if (number == SYS_exit && !recording_is_confined())
		keeper_thread_note_end((int)first);
	memory_watch(number, (const long[]){first, second, third, fourth, fifth});
	if (number == SYS_setuid)
		privileges_leave((uid_t)first);
	if (number == SYS_setreuid || number == SYS_setresuid)
		privileges_leave((uid_t)second);
	if (number == SYS_unshare || number == SYS_setns || number == SYS_mlockall || number == SYS_setrlimit ||
	    number == SYS_prlimit64 || forks(number, first, second))
		return (void *)(uintptr_t)syscall_alone;
	return syscall_next ? (void *)(uintptr_t)syscall_next : (void *)(uintptr_t)syscall_plainly;
}
#endif
