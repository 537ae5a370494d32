/* SPDX-License-Identifier: Apache-2.0 */
/* See calls.h. */
#include "copy/calls.h"

#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { OWN_BYTES = 256 << 10, SYSTEM_STOP = SIGTRAP | 0x80, YIELDS = 20 };

#define NAP_MS 0.05

/* Whether a system call only changes an allocator's own memory, or nothing at all. */
static bool call_is_harmless(const struct user_regs_struct *registers)
{
	switch ((long)registers->orig_rax) {
	case SYS_mmap:
		return (registers->r10 & (MAP_ANONYMOUS | MAP_PRIVATE)) == (MAP_ANONYMOUS | MAP_PRIVATE);
	case SYS_futex: /* only on memory of its own: others would notice a shared futex */
		return registers->rsi == FUTEX_WAKE_PRIVATE;
	case SYS_munmap:
	case SYS_madvise:
	case SYS_mprotect:
	case SYS_rt_sigprocmask:
	case SYS_gettid:
	case SYS_getpid:
	case SYS_getcpu:
	case SYS_clock_gettime:
		return true;
	default:
		return false;
	}
}

static bool call_waits(const struct user_regs_struct *registers)
{
	const long number = (long)registers->orig_rax;

	return (number == SYS_futex && (registers->rsi & FUTEX_CMD_MASK) != FUTEX_WAKE) || number == SYS_sched_yield ||
	       number == SYS_nanosleep || number == SYS_clock_nanosleep;
}

/* Runs the copy to its next stop, and reads its registers. */
static bool run_to_stop(struct calls *calls, struct user_regs_struct *registers, int *signal, struct error *error)
{
	int status = 0;
	pid_t got;

	if (ptrace(PTRACE_SYSCALL, calls->pid, NULL, NULL) != 0)
		return error_set(error, "the copy of its memory has ended");
	for (int wait = 0; (got = waitpid(calls->pid, &status, __WALL | WNOHANG)) == 0; wait++) {
		if (tracing_now_ms() >= calls->until_ms)
			break;
		if (wait < YIELDS) /* mostly, the stop comes within microseconds */
			sched_yield();
		else
			tracing_nap(NAP_MS);
	}
	calls->waited = got == 0;
	if (got == 0)
		return error_set(error, "it did not answer in time");
	if (got != calls->pid || !WIFSTOPPED(status) || ptrace(PTRACE_GETREGS, calls->pid, NULL, registers) != 0)
		return error_set(error, "the copy of its memory has ended");
	*signal = WSTOPSIG(status);
	return true;
}

static bool start(struct calls *calls, uint64_t address, uint64_t number, uint64_t stack,
		  const uint64_t arguments[BORROWED_ARGUMENTS], struct error *error)
{
	struct user_regs_struct registers = calls->registers;

	registers.rip = address, registers.rsp = stack, registers.rax = number;
	registers.orig_rax = UINT64_MAX;
	registers.rbp = 0;
	registers.rdi = arguments[0], registers.rsi = arguments[1], registers.rdx = arguments[2];
	registers.rcx = registers.r10 = arguments[3], registers.r8 = arguments[4], registers.r9 = arguments[5];
	registers.eflags &= ~UINT64_C(0x400 | 0x100); /* clears the direction and the single-step flag */
	return ptrace(PTRACE_SETREGS, calls->pid, NULL, &registers) == 0 ||
	       error_set(error, "the copy of its memory has ended");
}

static bool area_make(struct calls *calls, uint64_t system, struct error *error)
{
	const uint64_t memory[] = {0, OWN_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, UINT64_MAX, 0};
	struct user_regs_struct registers;
	int signal;

	if (!start(calls, system, SYS_mmap, calls->registers.rsp, memory, error))
		return false;
	for (int stop = 0; stop < 2; stop++) { /* one stop before the call, one behind it */
		if (!run_to_stop(calls, &registers, &signal, error))
			return false;
		if (signal != SYSTEM_STOP)
			return error_set(error, "signal %d in the copy of its memory", signal);
	}
	calls->area = registers.rax;
	return (int64_t)registers.rax > 0 ||
	       error_set(error, "there is no room for a stack: %s", strerror((int)-(int64_t)registers.rax));
}

bool calls_begin(struct calls *calls, const struct imaging *imaging, const struct image *image, double within_ms,
		 struct error *error)
{
	const intptr_t options = PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD;

	*calls = (struct calls){.pid = image->pid, .image = image, .until_ms = tracing_now_ms() + within_ms};
	if (!remote_open(&calls->memory, image->pid, error))
		return false;
	if ((ptrace(PTRACE_SETOPTIONS, calls->pid, NULL, (void *)options) == 0 &&
	     ptrace(PTRACE_GETREGS, calls->pid, NULL, &calls->registers) == 0) ||
	    error_set(error, "the copy of its memory has ended"))
		if (area_make(calls, imaging->prepared.call, error))
			return true;
	remote_close(&calls->memory);
	return false;
}

void calls_end(struct calls *calls)
{
	remote_close(&calls->memory);
}

/* Answers as if the function that is called back had returned. */
static bool visitor_answer(struct calls *calls, struct user_regs_struct *registers, struct error *error)
{
	const uint64_t arguments[BORROWED_ARGUMENTS] = {registers->rdi, registers->rsi, registers->rdx,
							registers->rcx, registers->r8,  registers->r9};
	uint64_t back;

	if (!remote_read(&calls->memory, registers->rsp, &back, sizeof back))
		return error_set(error, "the copy of its memory can't be read");
	registers->rip = back;
	registers->rsp += sizeof back;
	registers->rax = calls->visit(calls, arguments);
	return ptrace(PTRACE_SETREGS, calls->pid, NULL, registers) == 0 ||
	       error_set(error, "the copy of its memory has ended");
}

/* The function returns to address 0, where nothing is ever mapped. */
bool calls_make(struct calls *calls, uint64_t function, const uint64_t arguments[BORROWED_ARGUMENTS], uint64_t *result,
		struct error *error)
{
	const uint64_t back = 0, stack = calls->area + OWN_BYTES - sizeof back;
	struct user_regs_struct registers;
	bool is_in_call = false;
	int signal;

	if (!remote_write(&calls->memory, stack, &back, sizeof back))
		return error_set(error, "the copy of its memory can't be written");
	if (!start(calls, function, 0, stack, arguments, error))
		return false;
	while (run_to_stop(calls, &registers, &signal, error)) {
		if (signal == SIGSEGV && registers.rip == back) {
			*result = registers.rax;
			return true;
		}
		if (signal == SIGSEGV && registers.rip == CALLS_VISITOR && calls->visit) {
			if (!visitor_answer(calls, &registers, error))
				return false;
			continue;
		}
		if (signal != SYSTEM_STOP)
			return error_set(error, "signal %d in the copy of its memory", signal);
		is_in_call = !is_in_call;
		calls->waited = is_in_call && call_waits(&registers);
		if (calls->waited)
			return error_set(error, "another thread was in the middle of it");
		if (is_in_call && !call_is_harmless(&registers))
			return error_set(error, "it makes system call %ld, which a copy may not make",
					 (long)registers.orig_rax);
	}
	return false;
}
