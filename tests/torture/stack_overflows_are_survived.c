/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interpreters let a stack overflow, take the fault on another stack and leave
 * by siglongjmp, again and again. It overflows inside malloc as often as not.
 *
 * torture: recordings=any
 * torture: allocators=glibc
 */
#include <setjmp.h>

#include "torture.h"

#define TIMES 10

static sigjmp_buf out;

static void handler(int signal)
{
	(void)signal;
	siglongjmp(out, 1);
}

static __attribute__((noinline)) int recurse(int depth)
{
	volatile char frame[64];
	frame[0] = 1;
	free(torture_hold = malloc(16));
	return recurse(depth + 1) + frame[0];
}

static void *overflow(void *unused)
{
	static char alternate[65536];
	stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
	volatile int times = 0;
	sigaltstack(&stack, NULL);
	while (times < TIMES) {
		if (!sigsetjmp(out, 1))
			recurse(0);
		times = times + 1;
	}
	printf("%d overflows\n", times);
	return unused;
}

int main(void)
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
	pthread_attr_t attributes;
	pthread_t thread;
	sigaction(SIGSEGV, &action, NULL);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 65536);
	EXPECT(pthread_create(&thread, &attributes, overflow, NULL) == 0);
	pthread_join(thread, NULL);
	return 0;
}
