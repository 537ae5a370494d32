/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program starts itself again by posix_spawn, by vfork and exec, by fork and
 * exec, by a double fork, and through a shell. The borrowed address space
 * between vfork and exec is the parent's; what comes after exec is the
 * child's. All recordings hold their own process's allocations, to the byte.
 *
 * torture: recordings=8
 */
#include <spawn.h>

#include "torture.h"

extern char **environ;
static struct truth_site *site, *spawner_site;

static SITE void site_spawned(size_t size)
{
	torture_hold = malloc(size);
	truth_allocated(site, size);
}

static SITE void site_spawner(size_t size)
{
	torture_hold = malloc(size);
	truth_allocated(spawner_site, size);
}

static int child_main(int number)
{
	for (int i = 0; i < 100 * number; i++)
		site_spawned(60 + (size_t)number);
	truth_write_own();
	return 50 + number;
}

int main(int argc, char **argv)
{
	truth_directory = ".";
	site = truth_add("site_spawned");
	spawner_site = truth_add("site_spawner");
	if (argc > 1)
		return child_main(atoi(argv[1]));
	for (int i = 0; i < 1000; i++)
		site_spawner(90);
	fflush(stdout);

	pid_t child;
	char *first[] = {argv[0], "1", NULL};
	EXPECT(posix_spawn(&child, argv[0], NULL, NULL, first, environ) == 0);
	wait_for(child, "posix_spawn");

	child = vfork();
	if (child == 0) {
		site_spawner(91);
		execl(argv[0], argv[0], "2", NULL);
		_exit(127);
	}
	wait_for(child, "vfork and exec");

	fflush(stdout);
	child = fork();
	if (child == 0) {
		execl(argv[0], argv[0], "3", NULL);
		_exit(127);
	}
	wait_for(child, "fork and exec");

	fflush(stdout);
	child = fork();
	if (child == 0) { /* its own recording, too; then the grandchild's */
		truth_begin_child();
		for (int i = 0; i < 50; i++)
			site_spawner(33);
		truth_write_own();
		pid_t grandchild = fork();
		if (grandchild == 0) {
			execl(argv[0], argv[0], "4", NULL);
			_exit(127);
		}
		int status;
		waitpid(grandchild, &status, 0);
		_exit(WEXITSTATUS(status));
	}
	wait_for(child, "a double fork");

	char command[4200];
	snprintf(command, sizeof command, "exec '%s' 5", argv[0]);
	printf("system: %d\n", WEXITSTATUS(system(command)));
	truth_write_own();
	return 0;
}
