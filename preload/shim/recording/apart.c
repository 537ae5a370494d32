/* SPDX-License-Identifier: Apache-2.0 */
/* See apart.h. */
#include "shim/recording/apart.h"

#include <errno.h>
#include <stdbool.h>

#include "keeper/base/atomics.h"
#include "keeper/base/clone.h"
#include "keeper/base/syscall.h"
#include "keeper/program/descriptors.h"
#include "shim/host/call_on_stack.h"
#include "shim/recording/setup.h"
#include "shim/sample/thread.h"

#define STACK_BYTES (64u << 10)
#define TLS_SPARE_BYTES (4u << 10) /* of our variables beyond the thread's state */
#define PAGE ((size_t)4096)
#define NAP_NS 50000
#define LOOK_NS 50000000 /* somebody may have killed the thread alone */

struct work {
	long (*function)(void);
	long answer;
	bool done;
	seep_atomic32 over;
};

size_t apart_tls_bytes(void)
{
	uintptr_t below = (uintptr_t)__builtin_thread_pointer() - (uintptr_t)&thread_state;
	return ((size_t)below + TLS_SPARE_BYTES + PAGE - 1) & ~(PAGE - 1);
}

/* The directory of a process's threads has two links and one for each. Where it can't be seen, the program counts as having
 * one thread. */
static bool program_has_threads(void)
{
	struct stat status;
	return system_call(SYS_newfstatat, AT_FDCWD, (long)"/proc/self/task", (long)&status, 0, 0, 0) == 0 &&
	       status.st_nlink > 3;
}

/* On the new stack; never returns. */
static __attribute__((noreturn)) void thread_main(void *argument)
{
	struct work *work = argument;
	if (descriptors_leave(true)) {
		work->answer = work->function();
		work->done = true;
	}
	store_release(&work->over, 1);
	system_futex_wake(&work->over, 1);
	system_exit(0);
}

/* Until the kernel does not know of the thread any more: the program may count its threads. */
static void thread_await(const struct work *work, long thread)
{
	while (system_call(SYS_tgkill, system_getpid(), thread, 0, 0, 0, 0) != -ESRCH) {
		struct timespec nap = {.tv_nsec = load_acquire(&work->over) ? NAP_NS : LOOK_NS};
		if (load_acquire(&work->over))
			system_call(SYS_nanosleep, (long)&nap, 0, 0, 0, 0, 0);
		else
			system_futex_wait(&work->over, 0, &nap);
	}
}

/* False: no such thread can be made, or it can't have a table of its own. Valgrind knows no thread that it has not made. */
static bool work_in_thread(struct work *work)
{
	const size_t tls_bytes = apart_tls_bytes(), bytes = STACK_BYTES + tls_bytes + THREAD_BLOCK_BYTES;
	if ((recording_setup.status & SEEP_STATUS_VALGRIND) || !program_has_threads() || !descriptors_can_be_left())
		return false;
	char *memory = scratch_map(bytes);
	long thread = memory ? system_begin_thread(memory, STACK_BYTES, tls_bytes, true, thread_main, work) : -1;
	if (thread > 0)
		thread_await(work, thread);
	scratch_unmap(memory, bytes);
	return work->done;
}

static long work_on_stack(long (*function)(void))
{
	char *stack = scratch_map(STACK_BYTES);
	if (!stack)
		return function();
	long answer = call_on_stack(stack + STACK_BYTES, function);
	scratch_unmap(stack, STACK_BYTES);
	return answer;
}

long run_apart(long (*function)(void))
{
	struct work work = {.function = function};
	return work_in_thread(&work) ? work.answer : work_on_stack(function);
}
