/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prctl and syscall, watched for a program that is about to confine itself. To
 * begin a recording takes a directory and a file; behind a seccomp filter the
 * attempt may be death. So the recording begins before the filter is there,
 * or, in a forked child (between fork and exec, or a server's unprivileged
 * half), there is none. libseccomp first sets "no new privileges" by prctl,
 * and then calls seccomp(2), which libc has no function for, through syscall().
 *
 * syscall() is a jump to the next one for all but those two numbers: no frame
 * of ours is on the stack, no register is changed, so calls that return twice
 * or on another stack (vfork, clone) behave as without us.
 */
#include <stdarg.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

#include "base/syscall.h"
#include "hooks/hook.h"
#include "record/recording.h"

EXPORT int prctl(int option, ...);

/* Without "no new privileges", which alone forbids nothing. */
static bool forbids_clocks(int option, unsigned long argument)
{
	return option == PR_SET_SECCOMP || (option == PR_SET_TSC && argument == PR_TSC_SIGSEGV);
}

static bool confines(int option, unsigned long argument)
{
	return forbids_clocks(option, argument) || (option == PR_SET_NO_NEW_PRIVS && argument == 1);
}

static void confine(bool clocks_too)
{
	recording_confine();
	if (clocks_too)
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
	if (confines(option, (unsigned long)arguments[0]))
		confine(forbids_clocks(option, (unsigned long)arguments[0]));
	if (real.prctl)
		return real.prctl(option, arguments[0], arguments[1], arguments[2], arguments[3]);
	return (int)as_libc(system_call(SYS_prctl, option, arguments[0], arguments[1], arguments[2], arguments[3], 0));
}

#ifdef __x86_64__
__attribute__((used)) static long (*next_syscall)(long number, ...);

/* As libc's. Until our constructor has run: an allocator that begins may be calling, with its lock held, and a look-up
 * might ask it for memory. */
static long plain_syscall(long number, long a, long b, long c, long d, long e, long f)
{
	return as_libc(system_call(number, a, b, c, d, e, f));
}

/* For the two numbers, and as long as the next one is not known: says where to go on. */
__attribute__((used)) static void *syscall_watch(long number, long first, long second)
{
	if (recording_is_prepared())
		next_syscall = real.syscall;
	if (number == SYS_prctl && confines((int)first, (unsigned long)second))
		confine(forbids_clocks((int)first, (unsigned long)second));
	if (number == SYS_seccomp && (first == SECCOMP_SET_MODE_STRICT || first == SECCOMP_SET_MODE_FILTER))
		confine(true);
	return next_syscall ? (void *)(uintptr_t)next_syscall : (void *)(uintptr_t)plain_syscall;
}

#define TEXT_OF(number) #number
#define NUMBER(name) TEXT_OF(name)
__asm__(".text\n"
	".globl syscall\n"
	".type syscall, @function\n"
	".p2align 4\n"
	"syscall:\n"
	".cfi_startproc\n"
	"	endbr64\n"
	"	cmpq $" NUMBER(__NR_prctl) ", %rdi\n"
					   "	je 1f\n"
					   "	cmpq $" NUMBER(
					       __NR_seccomp) ", %rdi\n"
							     "	je 1f\n"
							     "	movq next_syscall(%rip), %rax\n"
							     "	testq %rax, %rax\n"
							     "	je 1f\n"
							     "	jmp *%rax\n"
							     "1:	pushq %rdi\n	pushq %rsi\n	pushq "
							     "%rdx\n	pushq %rcx\n	pushq %r8\n	pushq %r9\n"
							     "	subq $8, %rsp\n"
							     ".cfi_adjust_cfa_offset 56\n"
							     "	call syscall_watch\n"
							     "	addq $8, %rsp\n"
							     "	popq %r9\n	popq %r8\n	popq %rcx\n	popq "
							     "%rdx\n	popq %rsi\n	popq %rdi\n"
							     ".cfi_adjust_cfa_offset -56\n"
							     "	jmp *%rax\n"
							     ".cfi_endproc\n"
							     ".size syscall, .-syscall\n");
#endif
