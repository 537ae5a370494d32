/* SPDX-License-Identifier: Apache-2.0 */
/* A thread and a stack that go deeper after the program has confined itself than before. */
#include "torture.h"

static _Atomic int begun, confined;

static __attribute__((noinline)) int recurse(int depth)
{
	volatile char block[3000];
	block[0] = (char)depth;
	allocate_and_free(1);
	return depth ? recurse(depth - 1) + block[0] : 0;
}

static void *recurse_on_thread(void *unused)
{
	begun = 1;
	while (!confined)
		__builtin_ia32_pause();
	recurse(100);
	confined = 2;
	for (;;) /* its end would take a call */
		;
	return unused;
}

/* Starts the thread. The C library makes system calls of its own until it runs. */
static void begin_thread(void)
{
	start(recurse_on_thread, NULL);
	while (!begun)
		__builtin_ia32_pause();
}

/* After the filter: on this stack, then on the thread's. */
static void go_deeper(void)
{
	confined = 1;
	recurse(300);
	while (confined != 2)
		__builtin_ia32_pause();
}
