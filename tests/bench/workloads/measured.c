/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a command and writes what it used, descendants that it waited for
 * included:
 *
 *	measured FILE [NAME=VALUE...] COMMAND...     "user_us N sys_us N wall_us N peak_kib N status N"
 *
 * Between a profiler's launcher and the program, so that the launcher's own
 * memory is not taken for the program's. It allocates next to nothing; the variables
 * are the command's alone.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long to_us(struct timeval time)
{
	return time.tv_sec * 1000000LL + time.tv_usec;
}

int main(int count, char **arguments)
{
	struct timespec start, end;
	struct rusage used;
	int status;
	if (count < 3) {
		dprintf(2, "usage: measured FILE [NAME=VALUE...] COMMAND...\n");
		return 2;
	}
	clock_gettime(CLOCK_MONOTONIC, &start);
	pid_t child = fork();
	if (child == 0) {
		for (arguments += 2; *arguments && strchr(*arguments, '='); arguments++)
			putenv(*arguments);
		execvp(*arguments, arguments);
		dprintf(2, "measured: %s can't be started\n", *arguments);
		_exit(127);
	}
	if (child < 0 || wait4(child, &status, 0, &used) < 0)
		return 1;
	clock_gettime(CLOCK_MONOTONIC, &end);
	long long wall = (end.tv_sec - start.tv_sec) * 1000000LL + (end.tv_nsec - start.tv_nsec) / 1000;
	int file = open(arguments[1], O_WRONLY | O_CREAT | O_TRUNC, 0644);
	status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	if (dprintf(file, "user_us %lld sys_us %lld wall_us %lld peak_kib %ld status %d\n", to_us(used.ru_utime),
		    to_us(used.ru_stime), wall, used.ru_maxrss, status) < 0)
		return 1;
	return status;
}
