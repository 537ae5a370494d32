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

static _Atomic int begun, confined;

static __attribute__((noinline)) int recurse(int depth)
{
	volatile char block[3000];
	block[0] = (char)depth;
	allocate_and_free(1);
	return depth ? recurse(depth - 1) + block[0] : 0;
}

static void *recurse_on_thread(void *unused)
{
	begun = 1;
	while (!confined)
		__builtin_ia32_pause();
	recurse(100);
	confined = 2;
	for (;;) /* its end would take a call */
		;
	return unused;
}

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
	struct sock_filter filter[2 * COUNT + 2] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	};
	for (size_t i = 0; i < COUNT; i++) {
		filter[2 * i + 1] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)allowed[i], 0, 1);
		filter[2 * i + 2] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	}
	filter[2 * COUNT + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, OTHERWISE);
	struct sock_fprog program = {2 * COUNT + 2, filter};
	allocate_and_free(10);
	start(recurse_on_thread, NULL);
	while (!begun) /* libc makes calls of its own until then */
		__builtin_ia32_pause();
	if (bare_call(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0) ||
	    bare_call(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, (long)&program))
		write(1, "no filter to be had\n", 20);
	confined = 1;
	recurse(300);
	while (confined != 2)
		__builtin_ia32_pause();
	if (write(1, "alive\n", 6) != 6)
		abort();
	syscall(SYS_exit_group, 12);
}
