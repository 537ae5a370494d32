/* SPDX-License-Identifier: Apache-2.0 */
/* For tests/soak/attach.sh: what a borrowed or stopped thread could lose, and says so if it did: numbers in the red zone, vector and
 * x87 registers, a sleep with all signals blocked, beside a storm of signals on another stack, threads and plugins that come and go. */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>
static volatile long ticks;
static void wrong(const char *what)
{
	printf("error: %s\n", what);
	fflush(stdout);
}
static void tick(int s)
{
	int e = errno;
	char deep[2000];
	memset(deep, s, sizeof deep);
	ticks += deep[7] != 0;
	errno = e;
}
/* a leaf that keeps its numbers in the red zone, ymm and x87 registers */
static void *vectors(void *x)
{
	unsigned char in[32], out[32];
	for (int i = 0; i < 32; i++)
		in[i] = i * 7;
	for (;;) {
		long left = 0;
		double d = 0;
		__asm__ volatile("vmovdqu %3, %%ymm5\n fldpi\n mov $0x1234567, %%rax\n mov %%rax, -8(%%rsp)\n mov "
				 "%%rax, -120(%%rsp)\n"
				 "mov $3000000, %%rcx\n 1: dec %%rcx\n jnz 1b\n vmovdqu %%ymm5, %0\n mov -8(%%rsp), "
				 "%1\n add -120(%%rsp), %1\n fstpl %2\n vzeroupper"
				 : "=m"(out), "=&r"(left), "=m"(d)
				 : "m"(in)
				 : "rax", "rcx", "xmm5", "memory", "st");
		if (memcmp(in, out, 32))
			wrong("ymm");
		if (left != 2 * 0x1234567)
			wrong("red zone");
		if (d < 3.14159 || d > 3.1416)
			wrong("x87");
	}
}
static void *brief(void *x)
{
	free(malloc(100));
	return x;
}
static void *maker(void *x)
{
	for (;;) {
		pthread_t t;
		if (pthread_create(&t, 0, brief, x) == 0)
			pthread_join(t, 0);
	}
}
static void *storm(void *x)
{
	for (;;) {
		kill(getpid(), SIGUSR2);
		usleep(200);
	}
}
static void *plugins(void *x)
{
	for (;;) {
		void *p = dlopen("./plugged.so", RTLD_NOW);
		if (!p)
			wrong("dlopen");
		else
			dlclose(p);
		usleep(3000);
	}
}
static void *sleeps(void *x)
{
	for (;;) {
		sigset_t s;
		sigfillset(&s);
		pthread_sigmask(SIG_BLOCK, &s, 0);
		struct timespec t = {0, 3000000};
		if (nanosleep(&t, 0))
			wrong("nanosleep");
	}
}
int main(void)
{
	void *(*const all[])(void *) = {vectors, maker, storm, plugins, sleeps};
	stack_t stack = {.ss_sp = malloc(65536), .ss_size = 65536};
	struct sigaction action = {.sa_handler = tick, .sa_flags = SA_ONSTACK | SA_RESTART};
	struct itimerval every = {{0, 1000}, {0, 1000}};
	pthread_t t;
	sigaltstack(&stack, 0);
	sigaction(SIGALRM, &action, 0);
	sigaction(SIGUSR2, &action, 0);
	setitimer(ITIMER_REAL, &every, 0);
	for (unsigned i = 0; i < 5; i++)
		pthread_create(&t, 0, all[i], 0);
	for (;;)
		pause();
}
