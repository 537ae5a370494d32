/* SPDX-License-Identifier: Apache-2.0 */
/* The keeper as a thread of the target: see keeper_thread.h. */
#include "record/keeper_thread.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

#include "base/atomics.h"
#include "base/clock.h"
#include "base/syscall.h"
#include "keeper/keeper.h"
#include "keeper/request.h"

#define STACK_BYTES (256u << 10)
#define TLS_BYTES (64u << 10) /* below the thread block; our own variables are the first of these few */
#define TLS_BLOCK_BYTES 4096u

#define BYTES ((size_t)STACK_BYTES + TLS_BYTES + TLS_BLOCK_BYTES)
#define LEAVE_NS UINT64_C(500000000) /* it may be writing a snapshot; longer than this nobody waits for it */
#define LEAVE_LOOK_NS 200000

static struct keeper keeper;
static bool prepared;
static char *memory;              /* of the thread, or NULL */
static _Atomic int thread_id;     /* 0: there is no thread */
static seep_keeper_leave leave;   /* it is to leave for a while */
static _Atomic bool being_paused; /* by one thread at a time */

/* What runs on the new stack: never returns. */
static __attribute__((noreturn, used)) void keeper_thread_main(void)
{
	keeper_run(&keeper);
	for (;;)
		system_call(SYS_exit, 0, 0, 0, 0, 0, 0);
}

/* clone() with a function to call on the new stack; only the parent returns. The new thread's block is what %fs points
 * at: its first word must be its own address, and all TLS lies below it. */
static long clone_thread(unsigned long flags, void *stack, void *thread_block)
{
	long result;
	register void *tls __asm__("r8") = thread_block;
	register long child_tid __asm__("r10") = 0;
	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "call *%[entry]\n\t"
			 "hlt\n"
			 "1:"
			 : "=a"(result)
			 : "a"(SYS_clone), "D"(flags), "S"(stack), "d"(0L), "r"(child_tid),
			   "r"(tls), [entry] "r"(keeper_thread_main)
			 : "rcx", "r11", "memory");
	return result;
}

/* In the thread's memory, where no thread is. */
static void thread_begin(void)
{
	char *thread_block = memory + STACK_BYTES + TLS_BYTES;
	uintptr_t block_address = (uintptr_t)thread_block;
	memcpy(thread_block, &block_address, sizeof block_address);      /* header.tcb */
	memcpy(thread_block + 16, &block_address, sizeof block_address); /* header.self */
	uint64_t all = ~UINT64_C(0), before = 0;
	system_call(SYS_rt_sigprocmask, 2 /* SIG_SETMASK */, (long)&all, (long)&before, sizeof all, 0, 0);
	long made = clone_thread(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |
				     CLONE_SETTLS,
				 memory + STACK_BYTES - 64, thread_block);
	system_call(SYS_rt_sigprocmask, 2, (long)&before, 0, sizeof before, 0, 0);
	store_relaxed(&thread_id, made > 0 ? (int)made : 0);
	if (made > 0)
		return;
	system_unmap(memory, BYTES);
	memory = NULL;
}

void keeper_thread_start(const struct heap *heap, const char *directory, bool outside)
{
	prepared = keeper_prepare(&keeper, heap, directory, true);
	keeper.leave = &leave;
	store_relaxed(&thread_id, 0); /* in a forked child it is the parent's */
	store_relaxed(&leave, false);
	store_relaxed(&being_paused, false);
	if (!prepared || outside)
		return;
	memory = system_map(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (system_failed(memory))
		memory = NULL;
	else
		thread_begin();
}

/* The kernel, too, no longer knows of it. */
static bool thread_is_gone(void)
{
	return system_call(SYS_tgkill, system_getpid(), load_relaxed(&thread_id), 0, 0, 0, 0) == -ESRCH;
}

bool keeper_thread_pause(void)
{
	bool free = false;
	if (!load_relaxed(&thread_id) || !atomic_compare_exchange_strong_explicit(
					     &being_paused, &free, true, memory_order_acq_rel, memory_order_relaxed))
		return false;
	uint64_t start_ns = clock_read_ns(CLOCK_MONOTONIC);
	store_relaxed(&leave, true);
	request_wake(keeper.heap.header);
	while (!thread_is_gone() && clock_read_ns(CLOCK_MONOTONIC) - start_ns < LEAVE_NS) {
		struct timespec nap = {.tv_nsec = LEAVE_LOOK_NS};
		system_call(SYS_nanosleep, (long)&nap, 0, 0, 0, 0, 0);
	}
	return true;
}

void keeper_thread_resume(void)
{
	store_relaxed(&leave, false);
	if (thread_is_gone())
		thread_begin();
	store_release(&being_paused, false);
}

void keeper_thread_finish(void)
{
	if (prepared)
		keeper_finish(&keeper);
}
