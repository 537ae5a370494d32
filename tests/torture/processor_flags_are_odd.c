/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program allocates while the processor copies backwards (EFLAGS.DF), and while it steps through itself (EFLAGS.TF): each
 * instruction raises SIGTRAP, and kills the program where that is blocked. The first sample of a child, whose keeper is a
 * process or a thread, comes in the midst of that.
 *
 * torture: recordings=3
 * torture: ways=preload
 * torture: allocators=glibc
 * torture: because=a beginning has a hundred thousand traps, and seep run has no keeper here
 * torture: rate=16K
 */
#include <sys/prctl.h>

#include "torture.h"

static volatile long traps;

static void trapped(int signal)
{
	(void)signal;
	traps++;
}

static void allocate_backwards(void)
{
	void *blocks[64];
	for (int i = 0; i < 64; i++) {
		__asm__ volatile("std" ::: "memory", "cc");
		blocks[i] = malloc(2000);
		__asm__ volatile("cld" ::: "memory", "cc");
		torture_hold = blocks[i];
	}
	for (int i = 0; i < 64; i++) {
		__asm__ volatile("std" ::: "memory", "cc");
		free(blocks[i]);
		__asm__ volatile("cld" ::: "memory", "cc");
	}
}

static int allocate_stepping(void)
{
	struct sigaction action = {.sa_handler = trapped};
	sigaction(SIGTRAP, &action, NULL);
	__asm__ volatile("lea -128(%%rsp), %%rsp\n\tpushfq\n\torl $0x100, (%%rsp)\n\tpopfq\n\tlea 128(%%rsp), %%rsp" ::
			     : "memory", "cc");
	for (int i = 0; i < 3; i++) {
		torture_hold = malloc(1 << 20); /* certain to be sampled */
		free(torture_hold);
	}
	__asm__ volatile(
	    "lea -128(%%rsp), %%rsp\n\tpushfq\n\tandl $~0x100, (%%rsp)\n\tpopfq\n\tlea 128(%%rsp), %%rsp" ::
		: "memory", "cc");
	return traps > 10 ? 7 : 8;
}

int main(void)
{
	for (int i = 0; i < 70; i++) { /* functions that are bound at their first call are bound */
		torture_hold = malloc(48);
		free(torture_hold);
	}
	torture_hold = malloc(1 << 20);
	for (int i = 0; i < 100; i++) /* most of a thousand samples */
		allocate_backwards();
	for (int gathers = 0; gathers < 2; gathers++) {
		fflush(stdout);
		pid_t child = fork();
		if (child == 0) {
			prctl(PR_SET_CHILD_SUBREAPER, gathers, 0, 0, 0); /* with 1 the keeper is a thread */
			_exit(allocate_stepping());
		}
		wait_for(child, "child");
	}
	return 0;
}
