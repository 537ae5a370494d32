/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes whose last thread ends by the system call, as pthread_exit makes it, and without the C library's knowledge:
 * a keeper that were a thread would keep them alive for ever. Also as process 1 of a namespace, where it has to be one.
 */
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>

#include "torture.h"

static bool main_thread_has_ended(void)
{
	char stat[256] = {0};
	int file = open("/proc/self/stat", O_RDONLY);
	const char *name_end = file >= 0 && read(file, stat, sizeof stat - 1) > 0 ? strrchr(stat, ')') : NULL;
	close(file);
	return name_end && strncmp(name_end, ") Z", 3) == 0;
}

/* The process's exit status is that of the thread that ends last. */
static void *allocate_and_exit(void *unused)
{
	(void)unused;
	allocate_and_free(200);
	for (int i = 0; i < 10000 && !main_thread_has_ended(); i++)
		usleep(1000);
	allocate_and_free(200);
	syscall(SYS_exit, 0);
	return NULL;
}

static void child(const char *what, bool is_first, bool others_last)
{
	fflush(stdout);
	pid_t namespaced = fork();
	if (namespaced == 0) {
		if (is_first && unshare(CLONE_NEWPID))
			_exit(41);
		pid_t inner = is_first ? fork() : 0;
		if (inner > 0) {
			int status;
			_exit(waitpid(inner, &status, 0) == inner && WIFEXITED(status) ? WEXITSTATUS(status) : 99);
		}
		allocate_and_free(200);
		if (others_last)
			start(allocate_and_exit, NULL);
		syscall(SYS_exit, 41);
	}
	wait_for(namespaced, what);
}

int main(void)
{
	allocate_and_free(100);
	child("alone", false, false);
	child("another thread last", false, true);
	child("process 1", true, false);
	child("process 1, another thread last", true, true);
	puts("done");
	return 5;
}
