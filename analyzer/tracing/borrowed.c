/* SPDX-License-Identifier: Apache-2.0 */
/* See borrowed.h. */
#include "tracing/borrowed.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "base/memory.h"
#include "tracing/traced_signals.h"

enum {
	VECTORS_MAX = 16 << 10,
	PAGE = 4096,
	AREA_BYTES = 512 << 10, /* a page of code, texts, and the stack */
	SYSTEM_WITHIN_MS = 2000,
	WAIT_FOR_US_S = 1,
	CODE_MAX = 16 << 20,
};

#define NAP_MS 0.05

/* Searches the C library's code. */
static bool code_find(const struct remote *remote, const struct loaded_module *libc, uint64_t *call, uint64_t *restore)
{
	static const unsigned char call_bytes[] = {0x0f, 0x05, 0xc3};
	static const unsigned char restore_bytes[] = {0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05};
	size_t bytes = libc->code_end - libc->code;

	if (bytes > CODE_MAX)
		return false;
	unsigned char *code = memory_allocate(bytes + 1, 1);
	bool read = remote_read(remote, libc->code, code, bytes);
	const unsigned char *at = read ? memmem(code, bytes, call_bytes, sizeof call_bytes) : NULL;
	const unsigned char *back = read ? memmem(code, bytes, restore_bytes, sizeof restore_bytes) : NULL;
	*call = at ? libc->code + (uint64_t)(at - code) : 0;
	*restore = back ? libc->code + (uint64_t)(back - code) : 0;
	free(code);
	return at && back;
}

static bool state_take(struct borrowed *borrowed, struct error *error)
{
	pid_t tid = borrowed->tracee->tid;
	struct iovec vectors = {memory_allocate(1, VECTORS_MAX), VECTORS_MAX};

	borrowed->was.vectors = vectors.iov_base;
	if (ptrace(PTRACE_GETREGS, tid, NULL, &borrowed->was.registers) != 0 ||
	    ptrace(PTRACE_GETSIGMASK, tid, (void *)sizeof borrowed->was.signals, &borrowed->was.signals) != 0 ||
	    ptrace(PTRACE_GETREGSET, tid, (void *)NT_X86_XSTATE, &vectors) != 0)
		return error_set(error, "thread %d can't be read: %s", (int)tid, strerror(errno));
	borrowed->was.vector_bytes = vectors.iov_len;
	return true;
}

/* Signals wait until we are done, except those that a fault raises: if these were blocked, a fault would change their
 * disposition. */
static uint64_t mask_for_calls(void)
{
	return ~(SIGNAL_BIT(SIGSEGV) | SIGNAL_BIT(SIGBUS) | SIGNAL_BIT(SIGILL) | SIGNAL_BIT(SIGFPE) |
		 SIGNAL_BIT(SIGTRAP) | SIGNAL_BIT(SIGSYS));
}

bool borrowed_prepare(struct borrowed *borrowed, const struct remote *remote, const struct loaded *loaded,
		      struct tracees *tracees, struct error *error)
{
	const struct loaded_module *libc = loaded_find(loaded, "libc.so.6");

	*borrowed = (struct borrowed){.remote = remote, .tracees = tracees};
	return (libc && code_find(remote, libc, &borrowed->call, &borrowed->was.restore)) ||
	       error_set(error, "%d can't be joined: its C library is not one that seep knows", (int)tracees->pid);
}

bool borrowed_begin(struct borrowed *borrowed, struct tracee *tracee, struct error *error)
{
	borrowed->tracee = tracee;
	if (!state_take(borrowed, error)) {
		free(borrowed->was.vectors);
		return false;
	}
	borrowed->rescue =
	    frame_write(borrowed->remote, &borrowed->was,
			borrowed->place ? borrowed->place : borrowed->was.registers.rsp - FRAME_RED_ZONE);
	if (borrowed->rescue)
		return true;
	free(borrowed->was.vectors);
	return error_set(error, "thread %d has no room on its stack", (int)tracee->tid);
}

static struct user_regs_struct registers_for(const struct borrowed *borrowed, uint64_t address,
					     const uint64_t arguments[BORROWED_ARGUMENTS])
{
	struct user_regs_struct registers = borrowed->was.registers;

	registers.rip = address;
	registers.orig_rax = UINT64_MAX; /* no call must be made again */
	registers.rdi = arguments[0], registers.rsi = arguments[1], registers.rdx = arguments[2];
	registers.r10 = arguments[3], registers.r8 = arguments[4], registers.r9 = arguments[5];
	registers.eflags &= ~UINT64_C(0x400 | 0x100); /* clears the direction and the single-step flag */
	return registers;
}

static bool is_fault(int signal)
{
	return signal == SIGSEGV || signal == SIGBUS || signal == SIGILL || signal == SIGFPE || signal == SIGTRAP ||
	       signal == SIGSYS;
}

static void copy_note(struct borrowed *borrowed)
{
	unsigned long number = 0;

	if (ptrace(PTRACE_GETEVENTMSG, borrowed->tracee->tid, NULL, &number) == 0)
		borrowed->copy = (pid_t)number;
}

static bool has_ended(struct borrowed *borrowed, struct error *error)
{
	borrowed->lost = true;
	return error_set(error, "%d has ended", (int)borrowed->tracees->pid);
}

/* With which signal a stopped thread goes on. All others wait, but nobody can block SIGSTOP: the process stops by it, whose
 * threads but this one stand still until it is continued. */
static void *signal_for(int status)
{
	return (void *)(intptr_t)(status >> 16 == 0 && WSTOPSIG(status) == SIGSTOP ? SIGSTOP : 0);
}

/* Runs the thread to its next stop at a system call. */
static bool run_to_call(struct borrowed *borrowed, double until_ms, struct error *error)
{
	pid_t tid = borrowed->tracee->tid;
	int status;

	if (ptrace(PTRACE_SYSCALL, tid, NULL, NULL) != 0)
		return error_set(error, "%d has ended", (int)borrowed->tracees->pid);
	for (;;) {
		pid_t got = waitpid(tid, &status, __WALL | WNOHANG);
		if (got == tid && !WIFSTOPPED(status)) {
			borrowed->tracee->state = TRACEE_GONE;
			return has_ended(borrowed, error);
		}
		if (got == tid && WSTOPSIG(status) == TRACED_CALL_STOP)
			return true;
		if (got == tid && status >> 16 == PTRACE_EVENT_CLONE)
			copy_note(borrowed);
		if (got == tid && status >> 16 == 0 && is_fault(WSTOPSIG(status)))
			return error_set(error, "signal %d in the thread of %d that worked for seep", WSTOPSIG(status),
					 (int)borrowed->tracees->pid);
		/* it stopped with its group: not now */
		if (got == tid && ptrace(PTRACE_SYSCALL, tid, NULL, signal_for(status)) == 0)
			continue;
		double left_ms = until_ms - tracing_now_ms();
		if (left_ms <= 0) {
			borrowed->lost = true;
			return error_set(error, "%d is busy in its loader; it finishes by itself, try again later",
					 (int)borrowed->tracees->pid);
		}
		tracees_serve(borrowed->tracees); /* serves all others */
		tracing_nap(left_ms < NAP_MS ? left_ms : NAP_MS);
	}
}

bool borrowed_system(struct borrowed *borrowed, long number, const uint64_t arguments[BORROWED_ARGUMENTS],
		     int64_t *result, struct error *error)
{
	struct user_regs_struct registers = registers_for(borrowed, borrowed->call, arguments);
	uint64_t mask = mask_for_calls();
	pid_t tid = borrowed->tracee->tid;
	double until_ms = tracing_now_ms() + SYSTEM_WITHIN_MS;

	borrowed->copy = 0;
	registers.rax = (uint64_t)number;
	registers.rsp = borrowed->rescue; /* the frame's first word leads back */
	if (ptrace(PTRACE_SETREGS, tid, NULL, &registers) != 0 ||
	    ptrace(PTRACE_SETSIGMASK, tid, (void *)sizeof mask, &mask) != 0)
		return error_set(error, "thread %d: %s", (int)tid, strerror(errno));
	for (int stop = 0; stop < 2; stop++) /* one stop before the call, one behind it */
		if (!run_to_call(borrowed, until_ms, error))
			return false;
	if (ptrace(PTRACE_GETREGS, tid, NULL, &registers) != 0)
		return error_set(error, "thread %d: %s", (int)tid, strerror(errno));
	*result = (int64_t)registers.rax;
	return true;
}

/* The data behind the page of code. */
struct area_head {
	uint64_t result;
	uint64_t returned; /* 1 */
	int64_t wait[2];   /* a struct timeval: how long to wait for us before the thread returns by itself */
};

static unsigned char *put(unsigned char *at, const void *bytes, size_t count)
{
	memcpy(at, bytes, count);
	return at + count;
}

/* movabs value, register */
static unsigned char *put_move(unsigned char *at, unsigned char prefix, unsigned char code, uint64_t value)
{
	*at++ = prefix, *at++ = code;
	return put(at, &value, sizeof value);
}

/* The code of the first page: it stores the function's result, says so, waits for us in a call that leaves nothing
 * behind in the kernel, and returns. */
static size_t code_make(const struct borrowed *borrowed, uint64_t frame, unsigned char code[128])
{
	static const unsigned char say[] = {0x48, 0xc7, 0x47, 0x08, 1, 0, 0, 0}, /* movq $1, 8(%rdi) */
	    nothing[] = {0x31, 0xf6, 0x31, 0xd2, 0x4d, 0x31, 0xd2, 0x31, 0xff},  /* xor %esi, %edx, %r10, %edi */
	    choose[] = {0xb8, SYS_select, 0, 0, 0, 0x0f, 0x05}, back[] = {0xb8, SYS_rt_sigreturn, 0, 0, 0, 0x0f, 0x05};
	uint64_t head = borrowed->area + PAGE;
	unsigned char *at = code;

	at = put_move(at, 0x48, 0xa3, head + offsetof(struct area_head, result)); /* mov %rax, result */
	at = put_move(at, 0x48, 0xbf, head);                                      /* mov head, %rdi */
	at = put(at, say, sizeof say);
	at = put(at, nothing, sizeof nothing);
	at = put_move(at, 0x49, 0xb8, head + offsetof(struct area_head, wait)); /* mov wait, %r8 */
	at = put(at, choose, sizeof choose);
	at = put_move(at, 0x48, 0xbc, frame); /* mov frame, %rsp */
	at = put(at, back, sizeof back);
	return (size_t)(at - code);
}

static bool area_make(struct borrowed *borrowed, struct error *error)
{
	const uint64_t memory[] = {0, AREA_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, UINT64_MAX, 0};
	unsigned char code[128];
	int64_t result;

	if (!borrowed_system(borrowed, SYS_mmap, memory, &result, error))
		return false;
	if (result < 0)
		return error_set(error, "%d has no room for a stack of seep's: %s", (int)borrowed->tracees->pid,
				 strerror((int)-result));
	borrowed->area = (uint64_t)result;
	/* mprotect() would not do: a service may have forbidden itself to make memory executable
	 * (MemoryDenyWriteExecute). */
	const uint64_t code_page[] = {
	    borrowed->area, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, UINT64_MAX, 0};
	if (!borrowed_system(borrowed, SYS_mmap, code_page, &result, error))
		return false;
	if (result < 0)
		return error_set(error, "%d may not execute the code that seep brings: %s", (int)borrowed->tracees->pid,
				 strerror((int)-result));
	uint64_t frame = frame_write(borrowed->remote, &borrowed->was, borrowed->area + AREA_BYTES);
	size_t bytes = code_make(borrowed, frame + 8, code);
	return (frame && remote_write(borrowed->remote, borrowed->area, code, bytes)) ||
	       error_set(error, "%d: memory that seep made can't be written", (int)borrowed->tracees->pid);
}

uint64_t borrowed_scratch(const struct borrowed *borrowed, size_t offset)
{
	return borrowed->area + PAGE + sizeof(struct area_head) + offset;
}

bool borrowed_area(struct borrowed *borrowed, struct error *error)
{
	return borrowed->area || area_make(borrowed, error);
}

/* Stops the running thread in such a way that the kernel continues an interrupted system call. */
static bool stop_properly(struct borrowed *borrowed, struct error *error)
{
	pid_t tid = borrowed->tracee->tid;
	double until_ms = tracing_now_ms() + SYSTEM_WITHIN_MS;
	int status;

	ptrace(PTRACE_INTERRUPT, tid, NULL, NULL);
	while (tracing_now_ms() < until_ms) {
		pid_t got = waitpid(tid, &status, __WALL | WNOHANG);
		if (got == tid && !WIFSTOPPED(status)) {
			borrowed->tracee->state = TRACEE_GONE;
			return has_ended(borrowed, error);
		}
		if (got == tid && status >> 16 == PTRACE_EVENT_STOP)
			return true;
		if (got == tid)
			ptrace(PTRACE_CONT, tid, NULL, signal_for(status));
		else
			tracing_nap(NAP_MS);
	}
	borrowed->lost = true;
	return error_set(error, "%d: the machine is too busy, try again", (int)borrowed->tracees->pid);
}

/* Takes news of the running thread. False: it raised a fault, or has ended. */
static bool news_take(struct borrowed *borrowed, struct error *error)
{
	pid_t tid = borrowed->tracee->tid;
	int status;

	if (waitpid(tid, &status, __WALL | WNOHANG) != tid)
		return true;
	if (!WIFSTOPPED(status)) {
		borrowed->tracee->state = TRACEE_GONE;
		return has_ended(borrowed, error);
	}
	if (status >> 16 == 0 && is_fault(WSTOPSIG(status)))
		return error_set(error, "signal %d in the thread of %d that worked for seep", WSTOPSIG(status),
				 (int)borrowed->tracees->pid);
	ptrace(PTRACE_CONT, tid, NULL, signal_for(status)); /* it stopped with its group: not now */
	return true;
}

/* If we come too late, the stopped thread has returned by itself. */
static bool waits_for_us(struct borrowed *borrowed, struct error *error)
{
	struct user_regs_struct registers;

	if (ptrace(PTRACE_GETREGS, borrowed->tracee->tid, NULL, &registers) == 0 && registers.rip >= borrowed->area &&
	    registers.rip < borrowed->area + PAGE)
		return true;
	borrowed->lost = true;
	ptrace(PTRACE_CONT, borrowed->tracee->tid, NULL, NULL);
	return error_set(error, "%d: the machine is too busy, try again", (int)borrowed->tracees->pid);
}

static bool function_await(struct borrowed *borrowed, double until_ms, struct area_head *head, struct error *error)
{
	for (;;) {
		if (!news_take(borrowed, error))
			return false;
		if (!remote_read(borrowed->remote, borrowed->area + PAGE, head, sizeof *head))
			return has_ended(borrowed, error); /* a moment before there is news of it */
		if (head->returned)
			return stop_properly(borrowed, error) && waits_for_us(borrowed, error);
		if (tracing_now_ms() >= until_ms) {
			borrowed->lost = true;
			return error_set(error, "%d is busy in its loader; it finishes by itself, try again later",
					 (int)borrowed->tracees->pid);
		}
		tracees_serve(borrowed->tracees); /* serves all others */
		tracing_nap(NAP_MS);
	}
}

bool borrowed_function(struct borrowed *borrowed, uint64_t function, const uint64_t arguments[3], double within_ms,
		       uint64_t *result, struct error *error)
{
	const uint64_t all[BORROWED_ARGUMENTS] = {arguments[0], arguments[1], arguments[2]};
	struct user_regs_struct registers = registers_for(borrowed, function, all);
	struct area_head head = {.wait = {WAIT_FOR_US_S}};

	registers.rsp = borrowed->area + AREA_BYTES - (VECTORS_MAX + PAGE) - 8; /* the same place as after a call */
	registers.rbp = 0;
	registers.rax = 0;
	if (!remote_write(borrowed->remote, registers.rsp, &borrowed->area, sizeof borrowed->area) ||
	    !remote_write(borrowed->remote, borrowed->area + PAGE, &head, sizeof head) ||
	    ptrace(PTRACE_SETREGS, borrowed->tracee->tid, NULL, &registers) != 0 ||
	    ptrace(PTRACE_CONT, borrowed->tracee->tid, NULL, NULL) != 0)
		return error_set(error, "%d: memory that seep made can't be written", (int)borrowed->tracees->pid);
	if (!function_await(borrowed, tracing_now_ms() + within_ms, &head, error))
		return false;
	*result = head.result;
	return true;
}

void borrowed_end(struct borrowed *borrowed)
{
	pid_t tid = borrowed->tracee->tid;
	struct iovec vectors = {borrowed->was.vectors, borrowed->was.vector_bytes};
	const uint64_t area[BORROWED_ARGUMENTS] = {borrowed->area, AREA_BYTES};
	struct error ignored;
	int64_t result;

	if (!borrowed->lost && borrowed->area)
		borrowed_system(borrowed, SYS_munmap, area, &result, &ignored);
	if (!borrowed->lost && (ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) != 0 ||
				ptrace(PTRACE_CONT, tid, NULL, NULL) != 0 || stop_properly(borrowed, &ignored))) {
		/* Sets the mask first: if we end in between, the thread returns through the frame, which has both. */
		ptrace(PTRACE_SETSIGMASK, tid, (void *)sizeof borrowed->was.signals, &borrowed->was.signals);
		ptrace(PTRACE_SETREGSET, tid, (void *)NT_X86_XSTATE, &vectors);
		ptrace(PTRACE_SETREGS, tid, NULL, &borrowed->was.registers);
	} else if (borrowed->tracee->state != TRACEE_GONE) {
		tracee_let_go(borrowed->tracee); /* it finishes by itself */
	}
	free(borrowed->was.vectors);
	borrowed->was.vectors = NULL;
}
