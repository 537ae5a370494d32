/* SPDX-License-Identifier: Apache-2.0 */
/*
 * After start-up the program forbids itself, on pain of death, all system
 * calls but those that it and its allocator make. It goes on allocating, starts
 * to free what was sampled, and ends with exit().
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "torture.h"

#ifndef ALSO
#define ALSO SYS_rt_sigprocmask
#endif
static const int allowed[] = {SYS_read,    SYS_write, SYS_brk,        SYS_mmap,     SYS_munmap,          SYS_mremap,
			      SYS_madvise, SYS_futex, SYS_exit_group, SYS_mprotect, SYS_clock_nanosleep, SYS_getrandom,
			      ALSO};
#ifndef OTHERWISE
#define OTHERWISE SECCOMP_RET_KILL_PROCESS
#endif
#define COUNT (sizeof allowed / sizeof allowed[0])

static struct sock_fprog filter_build(void)
{
	static struct sock_filter filter[2 * COUNT + 2] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	};
	for (size_t i = 0; i < COUNT; i++) {
		filter[2 * i + 1] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)allowed[i], 0, 1);
		filter[2 * i + 2] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	}
	filter[2 * COUNT + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, OTHERWISE);
	return (struct sock_fprog){2 * COUNT + 2, filter};
}

static void forbid(void)
{
	struct sock_fprog program = filter_build();
#ifdef BY_SYSCALL /* root may do this without giving up new privileges first */
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) &&
	    (syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	     syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program)))
		puts("no filter to be had");
#else
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		puts("no filter to be had");
#endif
}

int main(void)
{
	static void *blocks[1000];
	setvbuf(stdout, NULL, _IONBF, 0);
	for (int i = 0; i < 1000; i++)
		blocks[i] = malloc(100);
	forbid();
	for (int i = 0; i < 1000; i++)
		free(blocks[i]);
	for (int i = 0; i < 13; i++) { /* some things are done every second */
		allocate_and_free(100);
		usleep(100000);
	}
	if (write(1, "alive\n", 6) != 6)
		abort();
	exit(12);
}
