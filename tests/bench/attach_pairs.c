/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests/bench/attach.sh. Without an argument: allocates and frees for ever,
 * and at USR1 says the longest time that it stood still since the last one, in
 * ms. With PID and the address of pair(): steps through that process, an
 * instruction at a time, and says how many a pair takes (the median of PAIRS).
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PAIRS = 400 };

static volatile sig_atomic_t asked;

__attribute__((noinline)) void pair(void)
{
	void *volatile block = malloc(64);
	free(block);
}

static void ask(int signal)
{
	(void)signal;
	asked = 1;
}

static double now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void run(void)
{
	double before = now_ms(), longest = 0;
	signal(SIGUSR1, ask);
	for (unsigned i = 0;; i++) {
		pair();
		if (i % 16)
			continue;
		double now = now_ms();
		if (now - before > longest)
			longest = now - before;
		before = now;
		if (!asked)
			continue;
		asked = 0;
		printf("%.1f\n", longest);
		fflush(stdout);
		longest = 0;
		before = now_ms();
	}
}

static int compare(const void *left, const void *right)
{
	return *(const int *)left - *(const int *)right;
}

static void step(pid_t pid, unsigned long address)
{
	struct user_regs_struct registers;
	int counts[PAIRS], status, pairs = -1, steps = 0;
	if (ptrace(PTRACE_ATTACH, pid, NULL, NULL) != 0 || waitpid(pid, &status, 0) != pid)
		exit(1);
	unsigned long back = 0;
	while (pairs < PAIRS && WIFSTOPPED(status)) {
		ptrace(PTRACE_GETREGS, pid, NULL, &registers);
		if (registers.rip == address) {
			back = (unsigned long)ptrace(PTRACE_PEEKDATA, pid, (void *)registers.rsp, NULL);
			steps = 0;
		} else if (back && registers.rip == back) {
			if (pairs >= 0)
				counts[pairs] = steps;
			pairs++;
			back = 0;
		}
		steps++;
		int pass = WSTOPSIG(status) == SIGTRAP || WSTOPSIG(status) == SIGSTOP ? 0 : WSTOPSIG(status);
		if (ptrace(PTRACE_SINGLESTEP, pid, NULL, (void *)(long)pass) != 0 || waitpid(pid, &status, 0) != pid)
			exit(1);
	}
	if (pairs < PAIRS) /* it ended */
		exit(1);
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
	qsort(counts, PAIRS, sizeof *counts, compare);
	printf("%d\n", counts[PAIRS / 2]);
}

int main(int argc, char **argv)
{
	if (argc < 3)
		run();
	step(atoi(argv[1]), strtoul(argv[2], NULL, 16));
	return 0;
}
