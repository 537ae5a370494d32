/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A filter that applies to every thread at once (SECCOMP_FILTER_FLAG_TSYNC) and kills the process for what it does not
 * know: any thread of ours would be the end. In a process, and in one that is process 1, where the keeper is a thread.
 * A call without a filter, which only asks what the kernel can, is none. A second filter forbids the calls that set it.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "torture.h"

static const int allowed[] = {SYS_read,     SYS_write,           SYS_brk,     SYS_mmap,
			      SYS_munmap,   SYS_mremap,          SYS_madvise, SYS_exit_group,
			      SYS_mprotect, SYS_clock_nanosleep, SYS_prctl,   SYS_seccomp};
#define ALL (sizeof allowed / sizeof allowed[0])

static void forbid_but(size_t count)
{
	struct sock_filter filter[2 * ALL + 2] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))};
	for (size_t i = 0; i < count; i++) {
		filter[2 * i + 1] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)allowed[i], 0, 1);
		filter[2 * i + 2] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	}
	filter[2 * count + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
	struct sock_fprog program = {2 * count + 2, filter};
	EXPECT(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	errno = 0;
	EXPECT(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, NULL) == -1 && errno == EFAULT);
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program))
		puts("no filter to be had");
}

static void confined(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	allocate_and_free(300);
	usleep(70000);
	forbid_but(ALL);
	forbid_but(ALL - 2);
	for (int i = 0; i < 12; i++) {
		allocate_and_free(100);
		usleep(100000);
	}
	exit(42);
}

int main(void)
{
	pid_t child = fork();
	if (child == 0)
		confined();
	wait_for(child, "process");
	fflush(stdout);
	child = fork();
	if (child == 0) {
		int status;
		if (unshare(CLONE_NEWPID))
			_exit(42);
		pid_t first = fork();
		if (first == 0)
			confined();
		_exit(waitpid(first, &status, 0) == first && WIFEXITED(status) ? WEXITSTATUS(status) : 99);
	}
	wait_for(child, "process 1");
	return 0;
}
