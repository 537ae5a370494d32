/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that the kernel refuses to a process with threads, or to one that
 * shares its directories: unshare and setns of user and mount namespaces, over
 * and over, while a recording is under way. What is allocated before, between
 * and after them is recorded, and the keeper goes on taking snapshots.
 *
 * torture: recordings=1
 */
#include <fcntl.h>
#include <sched.h>

#include "torture.h"

static SITE void site_kept(struct truth_site *site, int times)
{
	for (int i = 0; i < times; i++) {
		torture_hold = malloc(100);
		truth_allocated(site, 100);
	}
}

int main(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	truth_directory = getcwd(NULL, 0); /* setns changes it */
	struct truth_site *site = truth_add("site_kept");
	site_kept(site, 300);
	usleep(30000);
	int mounts = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC),
	    uts = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
	for (int i = 0; i < 5; i++) {
		errno = 0;
		printf("setns mount: %d", setns(mounts, CLONE_NEWNS));
		printf(" %d", errno);
		errno = 0;
		printf(", any: %d", setns(uts, 0));
		printf(" %d", errno);
		errno = 0;
		printf(", none: %d", setns(-1, CLONE_NEWUSER));
		printf(" %d\n", errno);
		site_kept(site, 100);
	}
	for (int i = 0; i < 5; i++) {
		errno = 0;
		printf("unshare: %d", unshare(CLONE_NEWUSER));
		printf(" %d\n", errno);
		site_kept(site, 100);
		usleep(10000);
	}
	pid_t child = fork();
	if (child == 0) {
		errno = 0;
		printf("child: %d", unshare(CLONE_NEWUSER | CLONE_NEWNS));
		printf(" %d\n", errno);
		_exit(3);
	}
	wait_for(child, "child");
	usleep(120000); /* for another snapshot */
	truth_write("end");
	return 0;
}
