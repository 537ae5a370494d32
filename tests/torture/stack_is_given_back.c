/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program and a thread go on with another stack for good and give the old one back, or only forbid access to it: there
 * is no memory where the tables put the caller's frame. In a handler on an alternate stack, and in a fiber, neither.
 */
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include "torture.h"

#define STACK (256 << 10)

static char *new_stack(void)
{
	return (char *)mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) + STACK;
}

/* rbp still points to the old stack. */
static __attribute__((noinline)) void go_on(void (*there)(void))
{
	__asm__ volatile("mov %0, %%rsp\n\tcall *%1\n\thlt" ::"r"(new_stack()), "r"(there) : "memory");
}

static void handler(int signal)
{
	(void)signal;
	allocate_and_free(20);
}

static ucontext_t back, fiber;

static void in_fiber(void)
{
	allocate_and_free(20);
	raise(SIGUSR1);
}

static void work(void)
{
	allocate_and_free(100);
	raise(SIGUSR1);
	getcontext(&fiber);
	fiber.uc_stack = (stack_t){.ss_sp = new_stack() - STACK, .ss_size = STACK};
	fiber.uc_link = &back;
	makecontext(&fiber, in_fiber, 0);
	swapcontext(&back, &fiber);
	allocate_and_free(100);
}

static char *threads_stack;

static void threads_new_life(void)
{
	munmap(threads_stack, STACK / 2); /* its thread control block is at its top */
	work();
	mprotect(threads_stack + STACK / 2, STACK / 4, PROT_NONE);
	work();
	syscall(SYS_exit, 0); /* pthread_exit() would look for the frames, too */
}

static void *thread(void *unused)
{
	volatile char above[STACK / 2] = {0};
	torture_hold = (void *)above;
	go_on(threads_new_life);
	return unused;
}

static void programs_new_life(void)
{
	char line[512];
	unsigned long low = 0, high = 0, from, to;
	FILE *maps = fopen("/proc/self/maps", "r");
	while (fgets(line, sizeof line, maps)) {
		if (strstr(line, "[stack]") && sscanf(line, "%lx-%lx", &from, &to) == 2) {
			low = from;
			high = to;
		}
	}
	fclose(maps);
	EXPECT(mprotect((void *)low, high - low, PROT_NONE) == 0);
	work();
	EXPECT(munmap((void *)low, high - low) == 0);
	work();
	puts("done");
	fflush(stdout);
	_exit(6);
}

int main(void)
{
	stack_t alternate = {.ss_sp = new_stack() - STACK, .ss_size = STACK};
	struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
	pthread_attr_t attributes;
	pthread_t other;
	sigaction(SIGUSR1, &action, NULL);
	threads_stack = new_stack() - STACK;
	pthread_attr_init(&attributes);
	pthread_attr_setstack(&attributes, threads_stack, STACK);
	EXPECT(pthread_create(&other, &attributes, thread, NULL) == 0);
	EXPECT(pthread_join(other, NULL) == 0);
	EXPECT(sigaltstack(&alternate, NULL) == 0);
	work();
	go_on(programs_new_life);
	return 0;
}
