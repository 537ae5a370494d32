/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A daemon closes every descriptor, opens its own, and counts on their
 * numbers: the lowest that is free, 0 to 2 included. Nothing of the shim's is
 * in its table, before or after the first sample, nor in that of a program
 * that it executes.
 */
#include <dirent.h>
#include <fcntl.h>

#include "torture.h"

static int result;

static int descriptors(void)
{
	int count = 0;
	DIR *list = opendir("/proc/self/fd");
	while (list && readdir(list))
		count++;
	if (list)
		closedir(list);
	return count;
}

static void say(const char *what, int number)
{
	char line[100];
	int length = snprintf(line, sizeof line, "%s: %d\n", what, number);
	if (write(result, line, (size_t)length) != length)
		abort();
}

int main(void)
{
	result = fcntl(open("result", O_RDWR | O_CREAT | O_TRUNC, 0600), F_DUPFD, 700);
	for (int i = 0; i < 1024; i++)
		if (i != result)
			close(i);
	/* the first sample of all comes while 0 to 2 are free */
	allocate_and_free(200);
	usleep(30000); /* a keeper has begun by now */
	say("descriptors", descriptors());
	for (int i = 0; i < 5; i++)
		say("opened", open("/dev/null", O_RDWR));
	allocate_and_free(200);
	usleep(30000);
	say("descriptors", descriptors());
	int ends[2];
	say("pipe", pipe(ends));
	say("its end", ends[0]);
	for (int i = 0; i < 1024; i++)
		if (i != result)
			close(i);
	allocate_and_free(200);
	say("opened", open("/dev/null", O_RDONLY));
	dup2(result, 1);
	close(result);
	result = 1;
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		execl("/bin/sh", "sh", "-c", "echo /proc/self/fd/*", NULL);
		_exit(127);
	}
	int status;
	waitpid(child, &status, 0);
	say("child", status);
	return 0;
}
