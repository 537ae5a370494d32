/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames are not where their unwind tables say: far above, below, at an odd
 * address, where rbp points, in a signal frame that is none; on the stack of
 * the program, of a thread, of a fiber that ends at the end of its mapping, and
 * in a handler on an alternate stack. With garbage of many kinds in rbp.
 *
 * torture: plugins=lying_tables
 */
#include <dlfcn.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "torture.h"

#define PAGE 4096

typedef void liar(void (*callee)(void), uintptr_t rbp);

static liar *liars[16];
static int count;
static char *pages; /* three, between two that can't be touched */

static void callee(void)
{
	allocate_and_free(1);
}

static void *lie(void *unused)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);
	const uintptr_t values[] = {0,
				    1,
				    8,
				    here,
				    here + 13,
				    here - 4096,
				    here + 60000,
				    here + (64 << 20),
				    (uintptr_t)pages,
				    (uintptr_t)pages + 3 * PAGE - 8,
				    (uintptr_t)pages + 3 * PAGE,
				    (uintptr_t)pages - 8,
				    (UINT64_C(1) << 47) - 8,
				    UINTPTR_MAX - 15,
				    (uintptr_t)callee,
				    (uintptr_t)liars[0]};
	for (int i = 0; i < count; i++) {
		for (size_t value = 0; value < sizeof values / sizeof *values; value++)
			liars[i](callee, values[value]);
	}
	return unused;
}

static ucontext_t back, fiber;

static void in_fiber(void)
{
	lie(NULL);
}

static void handler(int signal)
{
	(void)signal;
	lie(NULL);
}

static char *guarded(size_t bytes)
{
	char *memory = mmap(NULL, bytes + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mprotect(memory + PAGE, bytes, PROT_READ | PROT_WRITE);
	return memory + PAGE;
}

int main(void)
{
	static const char *const names[] = {"lie_far_above", "lie_near_above",      "lie_below",          "lie_unaligned",
					    "lie_zero",      "lie_by_rbp",          "lie_saved_far_below", "lie_other_register",
					    "lie_indirect",  "lie_is_a_signal_frame"};
	void *plugin = dlopen("./lying_tables.so", RTLD_NOW);
	EXPECT(plugin);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		*(void **)&liars[count] = dlsym(plugin, names[i]);
		EXPECT(liars[count]);
		count++;
	}
	pages = guarded(3 * PAGE);
	lie(NULL);
	pthread_join(start(lie, NULL), NULL);
	getcontext(&fiber);
	fiber.uc_stack = (stack_t){.ss_sp = guarded(65536), .ss_size = 65536};
	fiber.uc_link = &back;
	makecontext(&fiber, in_fiber, 0);
	swapcontext(&back, &fiber);
	stack_t stack = {.ss_sp = guarded(65536), .ss_size = 65536};
	struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
	sigaltstack(&stack, NULL);
	sigaction(SIGUSR1, &action, NULL);
	raise(SIGUSR1);
	puts("done");
	return 0;
}
