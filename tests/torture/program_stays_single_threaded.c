/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program that relies on being alone: it counts its threads, unshares its
 * user namespace (refused to a process with threads), and gives up privileges
 * thread by thread.
 *
 */
#include <dirent.h>
#include <sched.h>

#include "torture.h"

static int threads(void)
{
	int count = 0;
	DIR *list = opendir("/proc/self/task");
	for (struct dirent *entry; list && (entry = readdir(list));)
		count += entry->d_name[0] != '.';
	if (list)
		closedir(list);
	return count;
}

int main(void)
{
	allocate_and_free(300);
	usleep(30000);
	printf("threads: %d\n", threads());
	printf("unshare(CLONE_NEWUSER): %d\n", unshare(CLONE_NEWUSER) ? errno : 0);
	allocate_and_free(300);
	printf("unshare(CLONE_NEWNS): %d\n", unshare(CLONE_NEWNS) ? errno : 0);
	printf("setuid: %d\n", setuid(65534) ? errno : 0);
	allocate_and_free(300);
	printf("threads: %d\n", threads());
	return 0;
}
