/* SPDX-License-Identifier: Apache-2.0 */
/* See steps.h. */
#include "copy/steps.h"

#include <sched.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

enum { YIELDS = 20 };

#define NAP_MS 0.05

bool steps_next(struct steps *steps, struct user_regs_struct *registers, int *signal, struct error *error)
{
	int status = 0;
	pid_t got;

	if (ptrace(PTRACE_SYSCALL, steps->pid, NULL, NULL) != 0)
		return error_set(error, "the copy of its memory has ended");
	for (int wait = 0; (got = waitpid(steps->pid, &status, __WALL | WNOHANG)) == 0; wait++) {
		if (tracing_now_ms() >= steps->until_ms)
			break;
		if (wait < YIELDS) /* most stops come within microseconds */
			sched_yield();
		else
			tracing_nap(NAP_MS);
	}
	steps->late = got == 0;
	if (got == 0)
		return error_set(error, "it did not answer in time");
	if (got != steps->pid || !WIFSTOPPED(status) || ptrace(PTRACE_GETREGS, steps->pid, NULL, registers) != 0)
		return error_set(error, "the copy of its memory has ended");
	*signal = WSTOPSIG(status);
	return true;
}

bool steps_set(const struct steps *steps, const struct user_regs_struct *registers, uint64_t address, uint64_t number,
	       uint64_t stack, const uint64_t arguments[BORROWED_ARGUMENTS], struct error *error)
{
	struct user_regs_struct next = *registers;

	next.rip = address, next.rsp = stack, next.rax = number;
	next.orig_rax = UINT64_MAX;
	next.rbp = 0;
	next.rdi = arguments[0], next.rsi = arguments[1], next.rdx = arguments[2];
	next.rcx = next.r10 = arguments[3], next.r8 = arguments[4], next.r9 = arguments[5];
	next.eflags &= ~UINT64_C(0x40000 | 0x400 | 0x100); /* alignment check, direction and single step */
	return ptrace(PTRACE_SETREGS, steps->pid, NULL, &next) == 0 ||
	       error_set(error, "the copy of its memory has ended");
}

bool steps_system(struct steps *steps, const struct user_regs_struct *registers, uint64_t address, uint64_t number,
		  const uint64_t arguments[BORROWED_ARGUMENTS], int64_t *result, struct error *error)
{
	struct user_regs_struct after;
	int signal;

	if (!steps_set(steps, registers, address, number, registers->rsp, arguments, error))
		return false;
	for (int stop = 0; stop < 2; stop += signal == STEP_OF_CALL) { /* before the call, and behind it */
		if (!steps_next(steps, &after, &signal, error))
			return false;
		if (signal != STEP_OF_CALL && signal != SIGSTOP) /* all others are blocked that can be */
			return error_set(error, "signal %d in the copy of its memory", signal);
	}
	*result = (int64_t)after.rax;
	return true;
}
