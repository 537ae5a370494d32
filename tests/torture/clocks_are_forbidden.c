/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Children that forbid themselves to read clocks, by PR_SET_TSC or by strict
 * seccomp, where the vDSO's clock faults (not on every virtual machine, so the
 * report must say that no clock was read); before and after the first sample.
 *
 * torture: ways=run
 * torture: recordings=some
 * torture: notes=forbidden itself to read clocks
 * torture: because=without seep run the last snapshot is written by the program, which may not
 */
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "torture.h"

static void forbid(int way)
{
	if (way % 3 == 0)
		EXPECT(prctl(PR_SET_TSC, PR_TSC_SIGSEGV) == 0);
	else if (way % 3 == 1)
		EXPECT(syscall(SYS_prctl, PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0) == 0);
	else
		EXPECT(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) == 0);
}

int main(void)
{
	allocate_and_free(50);
	for (int way = 0; way < 6; way++) {
		fflush(stdout);
		pid_t child = fork();
		if (child == 0) {
			void *kept = way < 3 ? NULL : malloc(2000);
			for (int i = 0; i < 200; i++)
				torture_hold = malloc(40000); /* the heap has grown: strict seccomp forbids brk */
			free(torture_hold);
			forbid(way);
			for (int i = 0; i < 2000; i++)
				free(torture_hold = malloc(100));
			free(kept);
			syscall(SYS_exit, 11);
		}
		wait_for(child, "child");
	}
	prctl(PR_SET_TSC, PR_TSC_SIGSEGV);
	allocate_and_free(500);
	return 0;
}
