/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program answers for its own calls by a filter with a listener, as a sandbox does for what it runs: it is asked for
 * what it does itself, and not for ours, also in a child.
 *
 * torture: recordings=any
 * torture: allocators=glibc
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "torture.h"

static int listener;
static _Atomic int asked;

static void *answer(void *unused)
{
	for (;;) {
		struct seccomp_notif question = {0};
		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &question))
			return unused;
		asked++;
		struct seccomp_notif_resp response = {.id = question.id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
		ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
	}
}

static int listen_to(void)
{
	struct sock_filter filter[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 3, 0),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mkdirat, 2, 0),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_rt_sigprocmask, 1, 0),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
	};
	struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
}

/* Its own thread stays outside the filter. */
static int listeners[2];
static void *supervise(void *unused)
{
	EXPECT(read(listeners[0], &listener, sizeof listener) == sizeof listener);
	return answer(unused);
}

int main(void)
{
	allocate_and_free(1);
	EXPECT(pipe(listeners) == 0);
	start(supervise, NULL);
	int made = listen_to();
	EXPECT(made >= 0 && write(listeners[1], &made, sizeof made) == sizeof made);
	allocate_and_free(100);
	int before = asked;
	FILE *file = fopen("/dev/null", "r");
	printf("asked %d times, then %d\n", before, asked);
	fclose(file);
	fflush(stdout);
	before = asked;
	pid_t child = (pid_t)syscall(SYS_fork);
	if (child == 0) {
		allocate_and_free(50);
		_exit(3);
	}
	int status = 0;
	waitpid(child, &status, 0);
	printf("child: %d, asked %d times for it\n", WEXITSTATUS(status), asked - before);
	fflush(stdout);
	_exit(0);
}
