/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The filter does not know rt_sigprocmask: nothing at all may be asked of the
 * kernel afterwards, where stacks are deeper than before, on a thread, a fiber
 * and an alternate stack that nothing was sampled on.
 *
 * torture: ways=run
 * torture: because=without seep run the last snapshot is written by the program, which may not
 */
#define ALSO SYS_rt_sigreturn
#define main main_of_filter
#include "strict_seccomp_filter.c"
#undef main
#include "deeper_stacks.h"

static char fiber_stack[262144], alternate_stack[65536];

/* As fibers do that don't care about signal masks. */
static void recurse_on(char *top)
{
	__asm__ volatile("movq %%rsp, %%rbx\n\tmovq %0, %%rsp\n\tmovl $50, %%edi\n\tcall *%1\n\tmovq %%rbx, %%rsp"
			 :
			 : "r"(top), "r"(recurse)
			 : "rbx", "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory", "cc");
}

static void handler(int signal)
{
	(void)signal;
	recurse(10);
}

int main(void)
{
	stack_t stack = {.ss_sp = alternate_stack, .ss_size = sizeof alternate_stack};
	struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
	allocate_and_free(10);
	sigaltstack(&stack, NULL);
	sigaction(SIGTRAP, &action, NULL);
	begin_thread();
	forbid();
	go_deeper();
	recurse_on(fiber_stack + sizeof fiber_stack);
	__asm__ volatile("int3");
	if (write(1, "alive\n", 6) != 6)
		abort();
	syscall(SYS_exit_group, 12);
}
