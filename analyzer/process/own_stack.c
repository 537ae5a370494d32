/* SPDX-License-Identifier: Apache-2.0 */
/* See own_stack.h. makecontext() gives the call another stack without another thread: a process that starts programs
 * should have one thread only. */
#include "process/own_stack.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <ucontext.h>

enum { STACK_BYTES = 8 << 20 }; /* the usual limit */

static struct {
	int (*run)(int argc, char **argv);
	int argc;
	char **argv;
	int result;
} call;

static void call_make(void)
{
	call.result = call.run(call.argc, call.argv);
}

/* The C library gives threads stacks as large as this limit. */
static void threads_get_enough(void)
{
	pthread_attr_t attributes;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	pthread_setattr_default_np(&attributes);
	pthread_attr_destroy(&attributes);
}

int own_stack_run(int (*run)(int argc, char **argv), int argc, char **argv)
{
	struct rlimit limit;
	ucontext_t caller, callee;

	if (getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur >= STACK_BYTES || getcontext(&callee) != 0)
		return run(argc, argv);
	void *stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
	if (stack == MAP_FAILED)
		return run(argc, argv);
	threads_get_enough();
	call.run = run;
	call.argc = argc;
	call.argv = argv;
	callee.uc_stack.ss_sp = stack;
	callee.uc_stack.ss_size = STACK_BYTES;
	callee.uc_link = &caller;
	makecontext(&callee, call_make, 0);
	if (swapcontext(&caller, &callee) != 0)
		return run(argc, argv);
	munmap(stack, STACK_BYTES);
	return call.result;
}
