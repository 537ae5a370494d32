/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Like filter_before_the_first_sample, but by seccomp(2) through syscall(), as libseccomp does. Before it, every way in
 * which syscall() must be as without the shim: values, errno, six arguments, a child on a stack of its own.
 *
 * torture: recordings=1
 */
#define BY_SYSCALL
#define FILTER_MAIN confine_and_allocate
#include "filter_before_the_first_sample.c"
#include <sched.h>
#include <sys/mman.h>

static void leave(void)
{
	syscall(SYS_exit, 31);
}

static long child_of_clone(void)
{
	static char stack[65536] __attribute__((aligned(16)));
	int status = 0;
	/* in the child libc's function returns by what is on the child's stack */
	void **top = (void **)(stack + sizeof stack) - 32;
	top[0] = (void *)leave;
	long child = syscall(SYS_clone, CLONE_VM | SIGCHLD, top, NULL, NULL, NULL);
	if (child <= 0 || waitpid((pid_t)child, &status, 0) != child)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(void)
{
	errno = 5;
	printf("%d", syscall(SYS_getpid) == getpid());
	printf(" %ld", syscall(SYS_close, -1));
	printf(" %d", errno);
	errno = 6;
	char *memory =
	    (char *)syscall(SYS_mmap, NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0L);
	memory[8191] = 1;
	printf(" %d %ld", errno, syscall(SYS_munmap, memory, 8192));
	printf(" %ld", syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &(unsigned){SECCOMP_RET_ALLOW}));
	printf(" %ld %d", syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, ~0, NULL), errno);
	printf(" %ld", syscall(SYS_prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	printf(" %ld\n", child_of_clone());
	return confine_and_allocate();
}
