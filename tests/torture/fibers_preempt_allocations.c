/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fibers that a timer preempts: one is left for good in the middle of an aligned allocation, and another goes on, with a
 * stack at lower addresses. All that this one allocates counts, by whatever function.
 *
 * torture: preload=leaves_in_the_middle
 * torture: allocators=glibc
 */
#include <dlfcn.h>
#include <ucontext.h>

#include "torture.h"

enum { STACK_BYTES = 65536, BLOCKS = 20 };

static char stacks[4 * STACK_BYTES];
static ucontext_t upper, lower;
static struct truth_site *aligned, *posix;

static SITE void site_aligned(void)
{
	torture_hold = aligned_alloc(64, 128);
	truth_allocated(aligned, 128);
}

static SITE void site_posix(void)
{
	void *memory = NULL;
	EXPECT(posix_memalign(&memory, 64, 256) == 0);
	torture_hold = memory;
	truth_allocated(posix, 256);
}

static void (**in_the_middle)(void);

static void go_on_elsewhere(void)
{
	*in_the_middle = NULL;
	swapcontext(&upper, &lower);
}

static void run_upper(void)
{
	*in_the_middle = go_on_elsewhere;
	torture_hold = aligned_alloc(64, 1024); /* never returns */
}

static void run_lower(void)
{
	for (int i = 0; i < BLOCKS; i++) {
		site_aligned();
		site_posix();
	}
	truth_write("end");
	_exit(0);
}

static void make(ucontext_t *context, char *stack, void (*run)(void))
{
	getcontext(context);
	context->uc_stack.ss_sp = stack;
	context->uc_stack.ss_size = STACK_BYTES;
	makecontext(context, run, 0);
}

int main(void)
{
	truth_directory = ".";
	aligned = truth_add("site_aligned");
	posix = truth_add("site_posix");
	in_the_middle = (void (**)(void))dlsym(RTLD_DEFAULT, "in_the_middle");
	make(&upper, stacks + 3 * STACK_BYTES, run_upper);
	make(&lower, stacks, run_lower);
	setcontext(&upper);
	return 1;
}
