/* SPDX-License-Identifier: Apache-2.0 */
/*
 * torture: loses=snapshots_thinned samples_reentry ring_holes live_torn stacks_empty mappings
 *
 * A handler jumps out of the shim, at each instruction of the first sample and
 * of later ones: the gate stayed half open, the countdown below zero, and the
 * thread was never sampled again, with nothing said to be lost. What is
 * allocated after each jump must be there to the byte.
 */
#include <setjmp.h>
#include <sys/time.h>

#include "stepping.h"

static sigjmp_buf out;
static struct truth_site *site;

static void jump(void)
{
	siglongjmp(out, 1);
}

static SITE void site_after_the_jump(void)
{
	torture_hold = malloc(48);
	truth_allocated(site, 48);
}

static void jump_at(long step)
{
	if (sigsetjmp(out, 1) == 0) {
		step_begin(step);
		torture_hold = malloc(200);
		step_end();
		free(torture_hold);
	}
	step_end();
}

/* At odd moments of the first sample, which takes longer than any. */
static void alarmed(int signal, siginfo_t *info, void *context)
{
	uintptr_t at = (uintptr_t)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
	(void)signal;
	(void)info;
	if (at >= shim_low && at < shim_high)
		siglongjmp(out, 1);
}

static void jump_out_of_the_first(void)
{
	struct sigaction action = {.sa_sigaction = alarmed, .sa_flags = SA_SIGINFO};
	struct itimerval often = {{0, 70}, {0, 70}}, never = {{0, 0}, {0, 0}};
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	for (volatile int i = 0; i < 100; i++)
		if (sigsetjmp(out, 1) == 0)
			torture_hold = malloc(30);
	setitimer(ITIMER_REAL, &never, NULL);
}

static void *run(void *unused)
{
	for (long step = 1; step < 600; step += step < 100 ? 1 : 9) {
		jump_at(step);
		site_after_the_jump();
	}
	return unused;
}

int main(void)
{
	truth_directory = ".";
	site = truth_add("site_after_the_jump");
	step_prepare(jump);
	jump_out_of_the_first();
	run(NULL);
	pthread_join(start(run, NULL), NULL);
	truth_write("end");
	puts("done");
	return 0;
}
