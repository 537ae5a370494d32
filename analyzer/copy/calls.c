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

enum { OWN_BYTES = 256 << 10 };

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

static bool area_make(struct calls *calls, uint64_t system, struct error *error)
{
	const uint64_t memory[] = {0, OWN_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, UINT64_MAX, 0};
	int64_t result;

	if (!steps_system(&calls->steps, &calls->registers, system, SYS_mmap, memory, &result, error))
		return false;
	calls->area = (uint64_t)result;
	return result > 0 || error_set(error, "there is no room for a stack: %s", strerror((int)-result));
}

bool calls_begin(struct calls *calls, const struct imaging *imaging, const struct image *image, double within_ms,
		 struct error *error)
{
	const intptr_t options = PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD;

	*calls = (struct calls){.image = image, .steps = {.pid = image->pid, .until_ms = tracing_now_ms() + within_ms}};
	if (!remote_open(&calls->memory, image->pid, error))
		return false;
	if ((ptrace(PTRACE_SETOPTIONS, calls->steps.pid, NULL, (void *)options) == 0 &&
	     ptrace(PTRACE_GETREGS, calls->steps.pid, NULL, &calls->registers) == 0) ||
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
	return ptrace(PTRACE_SETREGS, calls->steps.pid, NULL, registers) == 0 ||
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
	if (!steps_set(&calls->steps, &calls->registers, function, 0, stack, arguments, error))
		return false;
	while (steps_next(&calls->steps, &registers, &signal, error)) {
		if (signal == SIGSEGV && registers.rip == back) {
			*result = registers.rax;
			return true;
		}
		if (signal == SIGSEGV && registers.rip == CALLS_VISITOR && calls->visit) {
			if (!visitor_answer(calls, &registers, error))
				return false;
			continue;
		}
		if (signal != STEP_OF_CALL)
			return error_set(error, "signal %d in the copy of its memory", signal);
		is_in_call = !is_in_call;
		calls->waited = is_in_call && call_waits(&registers);
		if (calls->waited)
			return error_set(error, "another thread was in the middle of it");
		if (is_in_call && !call_is_harmless(&registers))
			return error_set(error, "it makes system call %ld, which a copy may not make",
					 (long)registers.orig_rax);
	}
	calls->waited = calls->steps.late;
	return false;
}
