/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals for the process are taken by threads of the program and by nobody
 * else: with all of them blocked, sigwait gets them; with a handler, it runs
 * on a thread that the program made. Timers keep firing while it allocates.
 */
#include <sys/syscall.h>
#include <sys/time.h>

#include "torture.h"

static long own[2];
static int in_own, in_foreign;

static void handler(int signal)
{
	(void)signal;
	long thread = syscall(SYS_gettid);
	__atomic_fetch_add(thread == own[0] || thread == own[1] ? &in_own : &in_foreign, 1, __ATOMIC_RELAXED);
}

static void *take(void *argument)
{
	sigset_t *set = argument;
	int signal = 0;
	own[1] = syscall(SYS_gettid);
	for (int i = 0; i < 200; i++) {
		if (sigwait(set, &signal) || signal != SIGUSR1)
			puts("sigwait failed");
		allocate_and_free(2);
		__atomic_store_n((int *)&in_own, i + 1, __ATOMIC_RELEASE);
	}
	return NULL;
}

int main(void)
{
	sigset_t set;
	own[0] = syscall(SYS_gettid);
	allocate_and_free(10);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	pthread_t taker = start(take, &set);
	for (int i = 0; i < 200; i++) {
		kill(getpid(), SIGUSR1);
		while (__atomic_load_n(&in_own, __ATOMIC_ACQUIRE) <= i)
			usleep(50);
	}
	pthread_join(taker, NULL);
	printf("sigwait took %d\n", in_own);

	in_own = 0;
	struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
	sigaction(SIGUSR2, &action, NULL);
	for (int i = 0; i < 200; i++) {
		kill(getpid(), SIGUSR2);
		allocate_and_free(1);
	}
	printf("the handler ran %d times on the program's threads, %d on others\n", in_own, in_foreign);

	in_own = 0;
	sigaction(SIGALRM, &action, NULL);
	struct itimerval timer = {{0, 500}, {0, 500}};
	setitimer(ITIMER_REAL, &timer, NULL);
	while (__atomic_load_n(&in_own, __ATOMIC_RELAXED) < 40)
		allocate_and_free(5);
	timer = (struct itimerval){{0, 0}, {0, 0}};
	setitimer(ITIMER_REAL, &timer, NULL);
	printf("the timer fired, %d times on others\n", in_foreign);
	return 0;
}
