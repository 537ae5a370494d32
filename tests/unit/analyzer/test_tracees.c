/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that are stopped for a moment: a number that has passed on to another process meanwhile is not one of them. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tracing/tracees.h"

enum { WITHIN_MS = 20000, INTERRUPTED = 1, ENDED_BY_US = 2 };

/* A child that waits until the pipe is closed, in a call that returns EINTR to whoever is stopped in it. */
static _Noreturn void child_wait(const int pipe[2])
{
	struct epoll_event event = {.events = EPOLLIN};
	int waits = epoll_create1(0);

	close(pipe[1]);
	if (epoll_ctl(waits, EPOLL_CTL_ADD, pipe[0], &event) != 0)
		_exit(EXIT_FAILURE);
	_exit(epoll_wait(waits, &event, 1, -1) < 0 && errno == EINTR ? INTERRUPTED : ENDED_BY_US);
}

static bool waits(pid_t pid)
{
	char path[64];
	long call = -1;

	snprintf(path, sizeof path, "/proc/%d/syscall", (int)pid);
	FILE *file = fopen(path, "re");
	if (!file || fscanf(file, "%ld", &call) != 1)
		call = -1;
	if (file)
		fclose(file);
	return call == SYS_epoll_wait || call == SYS_epoll_pwait;
}

static pid_t child_start(const int pipe[2])
{
	const double until_ms = tracing_now_ms() + WITHIN_MS;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0)
		child_wait(pipe);
	while (!waits(child) && tracing_now_ms() < until_ms)
		tracing_nap(1);
	return child;
}

static int status_of(pid_t child)
{
	int status = 0;

	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* One stranger has the number of a thread that ran, the other got one just before it was asked to stop. */
static void strangers_with_the_numbers_of_threads_run_on(void **state)
{
	enum { EARLIER, JUST_NOW, STRANGERS };
	int pipe_ends[2];
	struct tracees tracees;
	struct error error = {0};

	(void)state;
	assert_int_equal(pipe(pipe_ends), 0);
	const pid_t strangers[STRANGERS] = {child_start(pipe_ends), child_start(pipe_ends)};
	const pid_t pid = child_start(pipe_ends);
	tracees_begin(&tracees, pid);
	tracees.items = calloc(STRANGERS, sizeof *tracees.items);
	tracees.count = tracees.capacity = STRANGERS;
	tracees.items[EARLIER] = (struct tracee){.tid = strangers[EARLIER], .state = TRACEE_FREE};
	tracees.items[JUST_NOW] = (struct tracee){.tid = strangers[JUST_NOW], .state = TRACEE_ASKED};
	assert_int_equal(ptrace(PTRACE_SEIZE, strangers[JUST_NOW], NULL, NULL), 0);
	assert_int_equal(ptrace(PTRACE_INTERRUPT, strangers[JUST_NOW], NULL, NULL), 0);

	assert_true(tracees_stop(&tracees, WITHIN_MS, &error));
	assert_int_equal(tracees.count, STRANGERS + 1);
	for (int i = 0; i < STRANGERS; i++)
		assert_int_equal(tracees.items[i].state, TRACEE_GONE);
	assert_int_equal(tracees.items[STRANGERS].tid, pid);
	assert_int_equal(tracees.items[STRANGERS].state, TRACEE_STOPPED);

	close(pipe_ends[0]);
	close(pipe_ends[1]);
	for (int i = 0; i < STRANGERS; i++) /* while the process still stands still */
		assert_int_equal(status_of(strangers[i]), ENDED_BY_US);
	tracees_end(&tracees);
	assert_int_equal(status_of(pid), ENDED_BY_US);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(strangers_with_the_numbers_of_threads_run_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
