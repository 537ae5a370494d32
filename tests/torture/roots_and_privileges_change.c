/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server changes its root to an empty directory, then its user, its dumpable
 * flag and its working directory, and works on; a child of it begins when
 * there is no way to a recording any more.
 *
 * torture: recordings=any
 * torture: because=the child has no way to a file system that it may write to
 */
#include <grp.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "torture.h"

int main(void)
{
	allocate_and_free(100);
	mkdir("empty", 0755);
	if (geteuid() == 0) {
		EXPECT(chroot("empty") == 0 && chdir("/") == 0);
		EXPECT(setgroups(0, NULL) == 0 && setgid(65534) == 0 && setuid(65534) == 0);
	}
	EXPECT(prctl(PR_SET_DUMPABLE, 0) == 0);
	for (int i = 0; i < 100; i++)
		torture_hold = malloc(100);
	allocate_and_free(100);
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		allocate_and_free(100);
		exit(14);
	}
	wait_for(child, "child");
	usleep(30000);
	puts("done");
	return 0;
}
