/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Code without unwind information keeps data in rbp: it looks like a frame, in
 * memory right above a fiber's stack that another thread gives and takes; or it
 * leads to a word that looks like a return address into a library that another
 * thread opens and closes. A profiler that takes rbp for a frame pointer must
 * not believe what it read a moment ago.
 *
 * torture: plugins=plain
 */
#include <dlfcn.h>
#include <sys/mman.h>
#include <time.h>
#include <ucontext.h>

#include "torture.h"

#define STACK 65536
#define NEIGHBOUR 16384

typedef void jit_map(uintptr_t rbp, void (*callee)(void));

static char *stack; /* the fiber's, and the neighbour on top */
static _Atomic int stop;
static _Atomic uintptr_t inside; /* an address in the library */
static jit_map *code;
static ucontext_t back, fiber;

static void callee(void)
{
	torture_hold = malloc(100);
	free(torture_hold);
}

static int goes_on(const struct timespec *begun)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - begun->tv_sec) * 1000 + (now.tv_nsec - begun->tv_nsec) / 1000000 < 700;
}

/* The place is kept, so that nothing else gets there; for a reader it is the same as unmapped. */
static void *give_and_take(void *unused)
{
	while (!stop) {
		mprotect(stack + STACK, NEIGHBOUR, PROT_READ | PROT_WRITE);
		mprotect(stack + STACK, NEIGHBOUR, PROT_NONE);
	}
	return unused;
}

static void *open_and_close(void *unused)
{
	while (!stop) {
		void *plugin = dlopen("./plain.so", RTLD_NOW);
		if (!plugin)
			continue;
		inside = (uintptr_t)dlsym(plugin, "plugin_allocate") + 4;
		dlclose(plugin);
	}
	return unused;
}

static void in_fiber(void)
{
	struct timespec begun;
	clock_gettime(CLOCK_MONOTONIC, &begun);
	for (unsigned i = 0; goes_on(&begun); i++)
		code((uintptr_t)stack + STACK + 16 * (i % 256), callee);
}

static void guess_a_library(void)
{
	struct timespec begun;
	volatile uintptr_t frame[64] = {0}; /* it seems to be called from the library, and that from itself, ... */
	clock_gettime(CLOCK_MONOTONIC, &begun);
	while (goes_on(&begun)) {
		for (int i = 0; i < 60; i += 2) {
			frame[i] = (uintptr_t)&frame[i + 2];
			frame[i + 1] = inside;
		}
		code((uintptr_t)frame, callee);
	}
}

int main(void)
{
	static const unsigned char bytes[] = {0x55, 0x48, 0x89, 0xfd, 0xff, 0xd6, 0x5d, 0xc3};
	void *made = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memcpy(made, bytes, sizeof bytes); /* push %rbp; mov %rdi, %rbp; call *%rsi; pop %rbp; ret */
	mprotect(made, 4096, PROT_READ | PROT_EXEC);
	code = (jit_map *)made;
	stack = mmap(NULL, STACK + NEIGHBOUR, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_t threads[] = {start(give_and_take, NULL), start(open_and_close, NULL)};
	getcontext(&fiber);
	fiber.uc_stack = (stack_t){.ss_sp = stack, .ss_size = STACK};
	fiber.uc_link = &back;
	makecontext(&fiber, in_fiber, 0);
	swapcontext(&back, &fiber);
	guess_a_library();
	stop = 1;
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	puts("done");
	return 0;
}
