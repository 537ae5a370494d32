/* SPDX-License-Identifier: Apache-2.0 */
/* The keeper as a thread of the target: see keeper_thread.h. */
#include "shim/keeping/keeper_thread.h"

#include <errno.h>
#include <signal.h>

#include "keeper/base/atomics.h"
#include "keeper/base/clock.h"
#include "keeper/base/clone.h"
#include "keeper/program/descriptors.h"
#include "keeper/loop/keeper.h"
#include "keeper/loop/request.h"
#include "shim/host/call_on_stack.h"

#define STACK_BYTES (256u << 10)
#define TLS_BYTES (64u << 10) /* below the thread block; our own variables are the nearest to it */

#define BYTES ((size_t)STACK_BYTES + TLS_BYTES + THREAD_BLOCK_BYTES)
#define LEAVE_NS UINT64_C(500000000) /* it may be writing a snapshot; nobody waits longer than this */
#define LEAVE_LOOK_NS 200000

static struct keeper keeper;
static bool prepared;
static char *memory;              /* of the thread, or NULL */
static _Atomic int thread_id;     /* 0: there is no thread */
static int process;               /* that it was last made in */
static seep_keeper_leave leave;   /* it is to leave for a while */
static _Atomic bool left;         /* for good */
static _Atomic bool being_paused; /* by one thread at a time; others wait */

/* Runs on the new stack and never returns. */
static __attribute__((noreturn)) void keeper_thread_main(void *shares_descriptors)
{
	if (descriptors_leave(shares_descriptors != NULL))
		keeper_run(&keeper);
	const int status = load_relaxed(&keeper.exit_status);
	system_exit(status > 0 ? status : 0);
}

/* Only where there is no thread: writes to the thread's memory. */
static void thread_begin(void)
{
	bool shares = descriptors_can_be_left();
	long made =
	    system_begin_thread(memory, STACK_BYTES, TLS_BYTES, shares, keeper_thread_main, shares ? &keeper : NULL);
	process = system_getpid();
	store_relaxed(&thread_id, made > 0 ? (int)made : 0);
	if (made > 0)
		return;
	system_unmap(memory, BYTES);
	memory = NULL;
}

void keeper_thread_prepare(const struct heap *heap, const char *directory)
{
	prepared = keeper_prepare(&keeper, heap, directory, true);
	keeper.leave = &leave;
	keeper.looks = true;
	store_relaxed(&thread_id, 0); /* in a forked child the thread is the parent's */
	store_relaxed(&leave, false);
	store_relaxed(&left, false);
	store_relaxed(&being_paused, false);
}

void keeper_thread_start(void)
{
	if (!prepared)
		return;
	memory = system_map(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (system_failed(memory))
		memory = NULL;
	else
		thread_begin();
}

/* The kernel no longer knows of it either. */
static bool thread_is_gone(void)
{
	return system_call(SYS_tgkill, system_getpid(), load_relaxed(&thread_id), 0, 0, 0, 0) == -ESRCH;
}

bool keeper_thread_is_there(void)
{
	return load_relaxed(&thread_id) && !thread_is_gone();
}

bool keeper_thread_may_come(void)
{
	return keeper_thread_is_there() ||
	       (load_relaxed(&thread_id) && load_acquire(&being_paused) && system_getpid() == process);
}

/* False: the time is over. */
static bool nap_until(uint64_t end_ns)
{
	const struct timespec nap = {.tv_nsec = LEAVE_LOOK_NS};
	system_call(SYS_nanosleep, (long)&nap, 0, 0, 0, 0, 0);
	return clock_read_ns(CLOCK_MONOTONIC) < end_ns;
}

/* Another thread that has paused it brings it back before we may. */
static bool pause_take(uint64_t end_ns)
{
	bool taken = true;
	while (atomic_exchange_explicit(&being_paused, true, memory_order_acq_rel) && (taken = nap_until(end_ns)))
		;
	return taken;
}

static bool thread_leave(uint64_t patience_ns)
{
	if (!load_relaxed(&thread_id) || load_relaxed(&left)) /* a filter may be there: no call is made */
		return false;
	const uint64_t end_ns = clock_read_ns(CLOCK_MONOTONIC) + patience_ns;
	if (!pause_take(end_ns))
		return false;
	store_relaxed(&leave, true);
	request_wake(keeper.heap.header);
	while (!thread_is_gone() && nap_until(end_ns))
		;
	return true;
}

bool keeper_thread_pause(void)
{
	return thread_leave(LEAVE_NS);
}

void keeper_thread_leave(void)
{
	thread_leave(KEEPER_FINISH_NS); /* it stays paused for good */
	store_relaxed(&left, true);
}

bool keeper_thread_end(void)
{
	if (!load_relaxed(&thread_id))
		return true;
	thread_leave(KEEPER_FINISH_NS);
	if (!thread_is_gone())
		return false;
	if (memory)
		system_unmap(memory, BYTES);
	memory = NULL;
	return true;
}

void keeper_thread_note_end(int status)
{
	/* The program may have forbidden system calls behind our back, so none is made where there is no thread. In a
	 * vfork child the thread is its parent's. The first thread's status is in /proc. */
	if (load_relaxed(&thread_id) && system_getpid() == process)
		store_relaxed(&keeper.exit_status, system_gettid() == process ? -1 : status & 0xff);
}

void keeper_thread_resume(void)
{
	store_relaxed(&leave, false);
	if (!load_relaxed(&left) && thread_is_gone())
		thread_begin();
	store_release(&being_paused, false);
}

static long finish(void)
{
	keeper_finish(&keeper, KEEPER_FINISH_NS);
	return 0;
}

/* exit() may have been called on a stack of a few KiB: a thread's, or the one for signals. While we have left the stack
 * for signals, a handler would begin at its top again, so no signal may come then. Without memory for a stack of ours
 * the recording is left to whoever reads it. */
void keeper_thread_finish(void)
{
	if (!prepared)
		return;
	stack_t now = {0};
	const bool for_signals =
	    system_call(SYS_sigaltstack, 0, (long)&now, 0, 0, 0, 0) == 0 && now.ss_flags & SS_ONSTACK;
	char *stack =
	    system_map(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (system_failed(stack)) {
		if (!for_signals)
			finish();
		return;
	}
	const uint64_t before = for_signals ? system_block_signals(SIGNALS_ALL) : 0;
	call_on_stack(stack + STACK_BYTES, finish);
	if (for_signals)
		system_restore_signals(before);
	system_unmap(stack, STACK_BYTES);
}
