/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vfork, clone(CLONE_VM), posix_spawn, and a raw clone that runs no fork
 * handlers. What a borrowing child allocates lies in its parent's heap and
 * belongs to the parent's recording; a copied child must not touch it.
 */
#include <sched.h>
#include <spawn.h>
#include <sys/syscall.h>

#include "torture.h"

extern char **environ;
static struct truth_site *site;

static SITE void *site_borrowed(void)
{
	truth_allocated(site, 333);
	return malloc(333);
}

static void *volatile left_behind[2];

static int borrow(void *unused)
{
	(void)unused;
	left_behind[0] = site_borrowed();
	return 4;
}

int main(void)
{
	static _Alignas(16) char stack[256 << 10];
	truth_directory = ".";
	site = truth_add("site_borrowed");
	fflush(stdout);
	allocate_and_free(20);

	pid_t child = clone(borrow, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);
	wait_for(child, "clone with CLONE_VM");
	EXPECT(left_behind[0]);
	free(left_behind[0]);
	truth_freed(site, 333);

	child = vfork();
	if (child == 0) {
		left_behind[1] = site_borrowed();
		_exit(5);
	}
	wait_for(child, "vfork and _exit");
	EXPECT(left_behind[1]);

	child = vfork();
	if (child == 0) {
		execl("/bin/sh", "sh", "-c", "exit 6", NULL);
		_exit(127);
	}
	wait_for(child, "vfork and exec");

	char *arguments[] = {"sh", "-c", "exit 8", NULL};
	EXPECT(posix_spawn(&child, "/bin/sh", NULL, NULL, arguments, environ) == 0);
	wait_for(child, "posix_spawn");

	fflush(stdout);
	child = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (child == 0) {
		for (int i = 0; i < 100; i++)
			torture_hold = malloc(100);
		_exit(9);
	}
	wait_for(child, "a raw clone");

	printf("system: %d\n", WEXITSTATUS(system("exit 10")));
	FILE *pipe = popen("echo from a pipe", "r");
	char line[100] = "";
	EXPECT(pipe && fgets(line, sizeof line, pipe));
	printf("%spclose: %d\n", line, pclose(pipe));
	truth_write("end");
	return 0;
}
