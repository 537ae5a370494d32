/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What may happen in a program while --references looks at it: it forbids itself all but a few system calls, by a filter that kills,
 * once it is told ("all"); or one of its threads has done so, and waits ("one"); or nothing does, and it has memory and a pipe ("none").
 * It answers each line.
 */
#define _GNU_SOURCE
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const unsigned allowed[] = {SYS_read,       SYS_write, SYS_pause,  SYS_exit,
				   SYS_exit_group, SYS_mmap,  SYS_munmap, SYS_brk};
enum { COUNT = sizeof allowed / sizeof *allowed, MIB = 200 };

static int forbid(unsigned flags)
{
	struct sock_filter steps[2 * COUNT + 2] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))};
	struct sock_fprog filter = {2 * COUNT + 2, steps};

	for (size_t i = 0; i < COUNT; i++) {
		steps[2 * i + 1] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, allowed[i], 0, 1);
		steps[2 * i + 2] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	}
	steps[2 * COUNT + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter);
}

static void say(const char *word)
{
	if (write(1, word, strlen(word)) < 0)
		_exit(2);
}

static void *wait_confined(void *is_told)
{
	if (forbid(0))
		_exit(3);
	if (write(*(int *)is_told, "x", 1) != 1)
		_exit(4);
	for (;;)
		syscall(SYS_pause);
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "none";
	char line[64];
	int ends[2];
	pthread_t thread;

	for (int i = 0; i < MIB; i++)
		memset(malloc(1 << 20), 1, 1 << 20);
	if (pipe(ends))
		return 5;
	if (strcmp(how, "one") == 0 &&
	    (pthread_create(&thread, NULL, wait_confined, &ends[1]) || read(ends[0], line, 1) != 1))
		return 6;
	say("ready\n");
	while (read(0, line, sizeof line) > 0) {
		if (strcmp(how, "all") == 0 && forbid(SECCOMP_FILTER_FLAG_TSYNC))
			return 7;
		how = "none";
		say("answered\n");
	}
	return 42;
}
