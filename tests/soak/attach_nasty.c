/* SPDX-License-Identifier: Apache-2.0 */
/* For tests/soak/attach.sh: has everything that a borrowed or stopped thread could lose, and says so if it was lost:
 * numbers in the red zone, vector and x87 registers, a sleep with all signals blocked, beside a storm of signals on
 * another stack, threads and plugins that come and go. */
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
#ifdef __AVX512BW__
#define WIDE "vmovdqu64 %[in], %%zmm21\n kmovq %[in], %%k3\n"
#define WIDE_BACK "vmovdqu64 %%zmm21, %[wide]\n kmovq %%k3, %[mask]\n"
#define WIDE_USED , "xmm21", "k3"
#define WIDE_BYTES 64
#else
#define WIDE "movups %[in], %%xmm9\n"
#define WIDE_BACK "movups %%xmm9, %[wide]\n mov %[in], %%rax\n mov %%rax, %[mask]\n"
#define WIDE_USED , "xmm9"
#define WIDE_BYTES 16
#endif
/* a leaf that keeps its numbers in the red zone, vector, mask and x87 registers */
static void *vectors(void *x)
{
	unsigned char in[64], out[32], wide[64];
	for (int i = 0; i < 64; i++)
		in[i] = i * 7;
	for (;;) {
		long left = 0, mask = 0;
		double d = 0;
		__asm__ volatile(
		    "vmovdqu %[in], %%ymm5\n fldpi\n mov $0x1234567, %%rax\n mov %%rax, -8(%%rsp)\n mov "
		    "%%rax, -120(%%rsp)\n" WIDE
		    "mov $3000000, %%rcx\n 1: dec %%rcx\n jnz 1b\n vmovdqu %%ymm5, %[out]\n mov -8(%%rsp), "
		    "%[left]\n add -120(%%rsp), %[left]\n fstpl %[d]\n" WIDE_BACK "vzeroupper"
		    : [out] "=m"(out), [left] "=&r"(left), [d] "=m"(d), [wide] "=m"(wide), [mask] "=m"(mask)
		    : [in] "m"(in)
		    : "rax", "rcx", "xmm5", "memory", "st" WIDE_USED);
		if (memcmp(in, out, 32))
			wrong("ymm");
		if (memcmp(in, wide, WIDE_BYTES) || memcmp(in, &mask, sizeof mask))
			wrong("zmm");
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
int main(int argc, char **argv)
{
	void *(*const all[])(void *) = {vectors, maker, storm, plugins, sleeps};
	stack_t stack = {.ss_sp = malloc(65536), .ss_size = 65536};
	struct sigaction action = {.sa_handler = tick, .sa_flags = SA_ONSTACK | SA_RESTART};
	struct itimerval every = {{0, 1000}, {0, 1000}};
	pthread_t t;
	if (argc > 1) /* no thread but this one, which is borrowed then */
		vectors(argv);
	sigaltstack(&stack, 0);
	sigaction(SIGALRM, &action, 0);
	sigaction(SIGUSR2, &action, 0);
	setitimer(ITIMER_REAL, &every, 0);
	for (unsigned i = 0; i < 5; i++)
		pthread_create(&t, 0, all[i], 0);
	for (;;)
		pause();
}
