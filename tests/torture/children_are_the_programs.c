/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program that looks at everything by which it could notice another process or thread of ours: its children by every
 * kind of wait, SIGCHLD, its threads, process group and session, its descriptors; the end of a pipe when it is killed,
 * and a lock that its end gives back; namespaces by system call.
 */
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/file.h>
#include <sys/syscall.h>

#include "torture.h"

#ifndef __WALL
#define __WALL 0x40000000
#endif

static volatile sig_atomic_t children_ended;

static void count(int signal)
{
	(void)signal;
	children_ended++;
}

static int entries(const char *path)
{
	int count = 0;
	DIR *list = opendir(path);
	for (struct dirent *entry; list && (entry = readdir(list));)
		count += entry->d_name[0] != '.';
	if (list)
		closedir(list);
	return count;
}

static void look(void)
{
	siginfo_t info = {0};
	errno = 0;
	printf("wait: %d %d", wait(NULL), errno);
	printf(", all: %d %d", waitpid(-1, NULL, __WALL | WNOHANG), errno);
	printf(", clones: %d %d", waitpid(-1, NULL, (int)0x80000000 | WNOHANG), errno);
	printf(", group: %d %d", waitpid(0, NULL, WNOHANG), errno);
	printf(", waitid: %d %d", waitid(P_ALL, 0, &info, WEXITED | WNOHANG), errno);
	printf(", signals: %d, threads: %d, descriptors: %d\n", (int)children_ended, entries("/proc/self/task"),
	       entries("/proc/self/fd"));
}

static void killed_with_pipe_and_lock(void)
{
	int ends[2];
	char byte;
	EXPECT(pipe(ends) == 0);
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		int file = open("locked", O_RDWR | O_CREAT, 0600);
		struct flock all = {.l_type = F_WRLCK};
		if (flock(file, LOCK_EX) || fcntl(file, F_SETLK, &all))
			_exit(1);
		allocate_and_free(200);
		usleep(100000);
		if (write(ends[1], "x", 1) != 1)
			_exit(1);
		pause();
	}
	close(ends[1]);
	EXPECT(read(ends[0], &byte, 1) == 1);
	kill(child, SIGKILL);
	wait_for(child, "holder");
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	EXPECT(read(ends[0], &byte, 1) == 0);
	int file = open("locked", O_RDWR);
	struct flock all = {.l_type = F_WRLCK};
	EXPECT(flock(file, LOCK_EX | LOCK_NB) == 0);
	EXPECT(fcntl(file, F_SETLK, &all) == 0);
	close(file);
	close(ends[0]);
}

/* A supervisor: processes that its children leave behind are its own, and there are none. */
static void gather_orphans(void)
{
	int ended = 0;
	EXPECT(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0);
	fflush(stdout);
	for (int i = 0; i < 2; i++) {
		if (fork() == 0) {
			allocate_and_free(100);
			if (i == 1 && fork() == 0)
				allocate_and_free(100);
			_exit(0);
		}
	}
	while (wait(NULL) > 0 || errno == EINTR)
		ended++;
	printf("gathered %d\n", ended);
}

int main(void)
{
	signal(SIGCHLD, count);
	look();
	allocate_and_free(300);
	usleep(120000);
	look();
	EXPECT(entries("/proc/self/task") == 1);
	errno = 0;
	printf("unshare user by system call: %ld %d\n", syscall(SYS_unshare, CLONE_NEWUSER), errno);
	errno = 0;
	printf("setns: %ld %d\n", syscall(SYS_setns, -1, 0), errno);
	killed_with_pipe_and_lock();
	look();
	signal(SIGCHLD, SIG_DFL);
	gather_orphans();
	signal(SIGCHLD, SIG_IGN);
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		allocate_and_free(300);
		exit(0);
	}
	errno = 0;
	printf("ignored: %d", waitpid(child, NULL, 0));
	printf(" %d\n", errno);
	return 7;
}
