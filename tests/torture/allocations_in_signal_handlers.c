/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A handler allocates on an alternate stack with a guard page below, on the
 * thread's first sample and later; another leaves by siglongjmp while its
 * allocation is just done. Profilers overflow such stacks, or never record
 * again after the jump. The stack leaves a handler less than one of 8 KiB does
 * where the kernel's frame is large: with AVX-512 it has 3.5 KiB.
 */
#include <setjmp.h>
#include <sys/mman.h>

#include "torture.h"

static sigjmp_buf out;
static struct truth_site *site;
static int turns;
static uintptr_t entered; /* the stack pointer where the handler's own part of the stack began */

#define ROOM 3600 /* bytes; alone the program needs more than 2,800 */

static SITE void site_handler(void)
{
	for (int i = 0; i < 10; i++) {
		torture_hold = malloc(40);
		truth_allocated(site, 40);
	}
}

static void measure(int signal)
{
	(void)signal;
	entered = (uintptr_t)__builtin_frame_address(0);
}

/* A stack for handlers, with so many bytes, behind a page that nobody may touch. */
static char *use_stack(size_t bytes)
{
	const size_t page = 4096;
	char *map = mmap(NULL, page + bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	stack_t stack = {.ss_sp = map + page, .ss_size = bytes};
	if (map == MAP_FAILED || mprotect(map, page, PROT_NONE) || sigaltstack(&stack, NULL))
		abort();
	return map + page + bytes;
}

static void handler(int signal)
{
	site_handler();
	free(malloc(1));
	turns++;
	if (signal == SIGUSR2)
		siglongjmp(out, 1);
}

static void *run(void *unused)
{
	char *top = use_stack(65536);
	raise(SIGURG);
	use_stack((uintptr_t)top - entered + ROOM);
	for (volatile int i = 0; i < 20; i++) {
		raise(SIGUSR1);
		if (sigsetjmp(out, 1) == 0)
			raise(SIGUSR2);
	}
	return unused;
}

int main(void)
{
	truth_directory = ".";
	site = truth_add("site_handler");
	struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
	sigaction(SIGURG, &(struct sigaction){.sa_handler = measure, .sa_flags = SA_ONSTACK}, NULL);
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGUSR2, &action, NULL);
	run(NULL); /* the recording itself begins on the small stack */
	pthread_join(start(run, NULL), NULL);
	truth_write("end");
	printf("%d turns\n", turns);
	return 0;
}
