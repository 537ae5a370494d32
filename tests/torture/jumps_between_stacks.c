/* SPDX-License-Identifier: Apache-2.0 */
/*
 * torture: loses=snapshots_thinned samples_reentry ring_holes live_torn stacks_empty mappings
 *
 * A scheduler takes the processor away in the midst of a sample and never gives
 * it back: the thread goes on with another stack, for good. Where that one lay
 * below, the shim took the old recording for one still under way and never
 * sampled this thread again. After some samples, which are counted as lost, all
 * that is allocated must be there to the byte.
 */
#include <sys/mman.h>

#include "stepping.h"

#define STACK_BYTES 65536
#define STACKS 40

static ucontext_t stacks[STACKS], main_context;
static struct truth_site *site;
static int on;

static SITE void site_on_another_stack(void)
{
	torture_hold = malloc(48);
	truth_allocated(site, 48);
}

/* Runs in the handler: nobody restores the trap's mask now. */
static void go_on_elsewhere(void)
{
	setcontext(on == STACKS ? &main_context : &stacks[on++]);
}

static void work(void)
{
	for (int i = 0; i < 200; i++)
		free(malloc(20));
	for (int i = 0; i < 50; i++)
		site_on_another_stack();
	step_begin(60 + 13 * on); /* at other instructions each time */
	torture_hold = malloc(100);
	step_end();
	go_on_elsewhere(); /* without the shim, too */
}

static void *run(void *unused)
{
	char *memory = mmap(NULL, STACKS * STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		abort();
	on = 0;
	for (int i = 0; i < STACKS; i++) { /* each below the one before */
		getcontext(&stacks[i]);
		stacks[i].uc_stack.ss_sp = memory + (size_t)(STACKS - 1 - i) * STACK_BYTES;
		stacks[i].uc_stack.ss_size = STACK_BYTES;
		makecontext(&stacks[i], work, 0);
	}
	volatile bool back = false;
	getcontext(&main_context);
	if (!back) {
		back = true;
		go_on_elsewhere();
	}
	return unused;
}

int main(void)
{
	truth_directory = ".";
	site = truth_add("site_on_another_stack");
	step_prepare(go_on_elsewhere);
	torture_hold = malloc(1);
	run(NULL);
	pthread_join(start(run, NULL), NULL);
	truth_write("end");
	puts("done");
	return 0;
}
