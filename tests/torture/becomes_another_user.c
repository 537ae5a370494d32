/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server of root's and its children become another user in every way, before and after their first sample, and then
 * allocate most of their memory. The recordings are root's, in a directory of root's.
 *
 * torture: rate=32K
 * torture: recordings=9
 */
#include <grp.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "torture.h"

#define NOBODY 65534
#define CHILDREN 8

/* 4 MiB: none is missed at that rate. Nothing small before: the first sample comes in here. */
static void allocate(void)
{
	for (int i = 0; i < 64; i++) {
		torture_hold = malloc(64 << 10);
		memset(torture_hold, i, 64 << 10);
	}
}

static void groups_leave(void)
{
	EXPECT(setgroups(0, NULL) == 0 && setgid(NOBODY) == 0);
}

static void become(int way)
{
	if (way % 2)
		allocate();
	switch (way / 2) {
	case 0:
		groups_leave();
		EXPECT(setuid(NOBODY) == 0);
		break;
	case 1:
		EXPECT(chroot("empty") == 0 && chdir("/") == 0);
		umask(077);
		EXPECT(initgroups("root", NOBODY) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0);
		EXPECT(setresuid(NOBODY, NOBODY, NOBODY) == 0);
		break;
	case 2:
		umask(0777);
		EXPECT(syscall(SYS_setgid, NOBODY) == 0 && syscall(SYS_setuid, NOBODY) == 0);
		break;
	case 3:
		EXPECT(seteuid(NOBODY) == 0);
		allocate();
		EXPECT(seteuid(0) == 0 && setreuid(NOBODY, NOBODY) == 0);
		break;
	}
}

int main(void)
{
	mkdir("empty", 0755);
	for (int way = 0; way < CHILDREN; way++) {
		pid_t child = fork();
		if (child == 0) {
			if (geteuid() == 0)
				become(way);
			allocate();
			fflush(stdout);
			_exit(way);
		}
		wait_for(child, "child");
	}
	if (geteuid() == 0) {
		groups_leave();
		EXPECT(setuid(NOBODY) == 0);
	}
	allocate();
	puts("done");
	return 3;
}
