/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exit() in a signal handler that interrupted malloc, free or the sampling of
 * one: nothing at the end may ask the allocator for anything, wait for what
 * this very thread holds, or need more than a small alternate stack.
 *
 * torture: recordings=some
 */
#include <sys/mman.h>
#include <sys/time.h>

#include "torture.h"

static bool quickly;

static void leave(int signal)
{
	(void)signal;
	if (quickly)
		quick_exit(8);
	exit(7);
}

static void *churns(void *unused)
{
	for (;;) {
		void *blocks[40];
		for (int i = 0; i < 40; i++)
			blocks[i] = malloc((size_t)i * 61 % 1900 + 1100);
		for (int i = 0; i < 40; i++)
			free(blocks[i]);
	}
	return unused;
}

/* Threads make glibc take its locks. */
static void child(int number)
{
	const size_t page = 4096, bytes = 8192;
	char *small = mmap(NULL, page + bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	stack_t stack = {.ss_sp = small + page, .ss_size = bytes};
	struct sigaction action = {.sa_handler = leave, .sa_flags = number % 2 ? SA_ONSTACK : 0};
	struct itimerval soon = {.it_value = {.tv_usec = 300 + number * 1370 % 9000}};
	sigset_t alarms;
	quickly = number % 5 == 4;
	mprotect(small, page, PROT_NONE);
	if (number % 2)
		sigaltstack(&stack, NULL);
	sigaction(SIGALRM, &action, NULL);
	sigemptyset(&alarms);
	sigaddset(&alarms, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &alarms, NULL);
	start(churns, NULL); /* goes on while the process ends */
	pthread_sigmask(SIG_UNBLOCK, &alarms, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
	churns(NULL);
}

int main(void)
{
	for (int number = 0; number < 24; number++) {
		fflush(stdout);
		pid_t pid = fork();
		if (pid == 0)
			child(number);
		wait_for(pid, "child");
	}
	return 0;
}
