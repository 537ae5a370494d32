/* SPDX-License-Identifier: Apache-2.0 */
/*
 * As strace -f and debuggers look at a program: each fork, thread, exec and end of what is traced is an event, and each
 * process is waited for. There are no more of them than the program's own.
 *
 * torture: recordings=any
 * torture: allocators=glibc
 */
#include <sys/ptrace.h>

#include "torture.h"

static void *thread(void *unused)
{
	allocate_and_free(10);
	return unused;
}

static void traced(void)
{
	ptrace(PTRACE_TRACEME, 0, 0, 0);
	raise(SIGSTOP);
	allocate_and_free(20);
	pthread_join(start(thread, NULL), NULL);
	pid_t child = fork();
	if (child == 0) {
		allocate_and_free(10);
		_exit(2);
	}
	waitpid(child, NULL, 0);
	if (vfork() == 0)
		_exit(1);
	execl("/bin/true", "true", NULL);
}

int main(void)
{
	int status, events[16] = {0}, signals = 0, ends = 0;
	pid_t child = fork();
	if (child == 0)
		traced();
	waitpid(child, &status, 0);
	ptrace(PTRACE_SETOPTIONS, child, 0,
	       PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC |
		   PTRACE_O_TRACEEXIT);
	ptrace(PTRACE_CONT, child, 0, 0);
	for (pid_t each; (each = waitpid(-1, &status, __WALL)) > 0;) {
		if (!WIFSTOPPED(status)) {
			ends++;
			continue;
		}
		int event = status >> 16, signal = WSTOPSIG(status);
		bool plain = event == 0 && signal != SIGSTOP;
		events[event & 15]++;
		signals += plain && signal != SIGCHLD;
		ptrace(PTRACE_CONT, each, 0, plain ? signal : 0);
	}
	printf("%d forks, %d vforks, %d threads, %d execs, %d exits, %d ends, %d signals\n", events[PTRACE_EVENT_FORK],
	       events[PTRACE_EVENT_VFORK], events[PTRACE_EVENT_CLONE], events[PTRACE_EVENT_EXEC],
	       events[PTRACE_EVENT_EXIT], ends, signals);
	return 0;
}
