/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program confines itself by bare system calls, so that nobody sees it
 * coming, and knows no rt_sigprocmask. On the stacks that the C library made,
 * nothing may be asked of the kernel, however deep they get.
 *
 * torture: ways=run
 * torture: because=without seep run the last snapshot is written by the program, which may not
 */
#define ALSO SYS_rt_sigreturn
#define main main_of_filter
#include "strict_seccomp_filter.c"
#undef main
#include "deeper_stacks.h"

static long bare_call(long number, long a, long b, long c)
{
	register long d __asm__("r10") = 0, e __asm__("r8") = 0;
	long result;
	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(d), "r"(e)
			 : "rcx", "r11", "memory");
	return result;
}

int main(void)
{
	struct sock_fprog program = filter_build();
	allocate_and_free(10);
	begin_thread();
	if (bare_call(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0) ||
	    bare_call(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, (long)&program))
		write(1, "no filter to be had\n", 20);
	go_deeper();
	if (write(1, "alive\n", 6) != 6)
		abort();
	syscall(SYS_exit_group, 12);
}
