/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that are stopped for a moment: a number that has passed on to another process meanwhile is not one of them; what
 * works for us goes on as it was, or is given up; signals do what they do without us. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tracing/borrowed.h"
#include "tracing/traced_signals.h"

enum { WITHIN_MS = 20000, INTERRUPTED = 1, ENDED_BY_US = 2, GIVEN_UP = 3, KILLED = -1, PAGE = 4096 };

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
	return WIFEXITED(status) ? WEXITSTATUS(status) : KILLED;
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

/* A child that waits until the pipe is closed, and that stands still; it may be without room for more memory. */
struct stopped {
	int pipe[2];
	pid_t pid;
	struct remote remote;
	struct loaded loaded;
	struct tracees tracees;
	struct borrowed borrowed;
	struct error error;
};

static struct stopped stopped_child(bool has_room)
{
	const struct rlimit none = {0};
	struct stopped child = {.pid = 0};

	assert_int_equal(pipe(child.pipe), 0);
	child.pid = child_start(child.pipe);
	assert_true(has_room || prlimit(child.pid, RLIMIT_AS, &none, NULL) == 0);
	tracees_begin(&child.tracees, child.pid);
	assert_true(remote_open(&child.remote, child.pid, &child.error));
	assert_true(loaded_read(&child.loaded, &child.remote, &child.error));
	assert_true(tracees_stop(&child.tracees, WITHIN_MS, &child.error));
	return child;
}

static bool thread_borrow(struct stopped *child)
{
	return borrowed_prepare(&child->borrowed, &child->remote, &child->loaded, &child->tracees, &child->error) &&
	       borrowed_begin(&child->borrowed, child->tracees.items, &child->error);
}

/* How the child ends that nobody needs any more; 0: unknown, as its end came while it was traced. */
static int stopped_end(struct stopped *child)
{
	int status = 0;

	tracees_end(&child->tracees);
	loaded_free(&child->loaded);
	remote_close(&child->remote);
	close(child->pipe[0]);
	close(child->pipe[1]);
	waitpid(child->pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : KILLED;
}

static bool system_make(struct stopped *child, long number)
{
	const uint64_t arguments[BORROWED_ARGUMENTS] = {GIVEN_UP};
	int64_t result;

	return borrowed_system(&child->borrowed, number, arguments, &result, &child->error);
}

/* Calls a function, which the child has at the same address as we. */
static bool function_make(struct stopped *child, void (*function)(void), double within_ms)
{
	const uint64_t arguments[3] = {0};
	uint64_t result;

	return borrowed_area(&child->borrowed, &child->error) &&
	       borrowed_function(&child->borrowed, (uint64_t)(uintptr_t)function, arguments, within_ms, &result,
				 &child->error);
}

static void faults(void)
{
	__builtin_trap();
}

static void ends(void)
{
	syscall(SYS_exit_group, GIVEN_UP);
}

static void stays(void)
{
	for (;;)
		syscall(SYS_pause);
}

static void a_thread_that_worked_for_us_goes_on(void **state)
{
	struct stopped child = stopped_child(true);

	(void)state;
	assert_true(thread_borrow(&child));
	assert_false(function_make(&child, faults, WITHIN_MS));
	assert_non_null(strstr(child.error.text, "signal 4 in the thread"));
	borrowed_end(&child.borrowed);
	assert_int_equal(stopped_end(&child), ENDED_BY_US);
}

static void work_that_ends_a_process_or_has_no_end_is_given_up(void **state)
{
	const char *const says[] = {"has ended", "has ended", "is busy in its loader"};

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct stopped child = stopped_child(true);
		assert_true(thread_borrow(&child));
		assert_false(i == 0   ? system_make(&child, SYS_exit_group)
			     : i == 1 ? function_make(&child, ends, WITHIN_MS)
				      : function_make(&child, stays, 1));
		assert_non_null(strstr(child.error.text, says[i]));
		assert_true(child.borrowed.lost);
		borrowed_end(&child.borrowed);
		if (i == 2)
			kill(child.pid, SIGKILL);
		stopped_end(&child);
	}
}

static void a_thread_that_cannot_work_is_left_alone(void **state)
{
	const struct loaded nothing = {0};
	struct tracee stranger = {.tid = getpid()};
	struct stopped child = stopped_child(false);

	(void)state;
	assert_false(borrowed_prepare(&child.borrowed, &child.remote, &nothing, &child.tracees, &child.error));
	assert_non_null(strstr(child.error.text, "its C library is not one that seep knows"));
	assert_true(thread_borrow(&child));
	assert_false(borrowed_area(&child.borrowed, &child.error));
	assert_non_null(strstr(child.error.text, "has no room for a stack of seep's"));
	borrowed_end(&child.borrowed);
	child.borrowed.place = PAGE; /* where nothing is */
	assert_false(borrowed_begin(&child.borrowed, child.tracees.items, &child.error));
	assert_non_null(strstr(child.error.text, "has no room on its stack"));
	assert_false(borrowed_begin(&child.borrowed, &stranger, &child.error));
	assert_non_null(strstr(child.error.text, "can't be read"));
	assert_int_equal(stopped_end(&child), ENDED_BY_US);
}

static void a_process_that_was_killed_does_no_work(void **state)
{
	struct stopped child = stopped_child(true);

	(void)state;
	assert_true(thread_borrow(&child) && borrowed_area(&child.borrowed, &child.error));
	kill(child.pid, SIGKILL);
	assert_false(system_make(&child, SYS_getpid));
	assert_false(function_make(&child, stays, WITHIN_MS));
	borrowed_end(&child.borrowed);
	stopped_end(&child);
}

/* What becomes of the call in which a signal that is passed on has found a thread. */
static int end_after(int sent, int passed_on)
{
	int pipe_ends[2], status;

	assert_int_equal(pipe(pipe_ends), 0);
	const pid_t child = child_start(pipe_ends);
	assert_int_equal(ptrace(PTRACE_SEIZE, child, NULL, NULL), 0);
	assert_int_equal(kill(child, sent), 0);
	assert_int_equal(waitpid(child, &status, __WALL), child);
	assert_int_equal(status, sent << 8 | 0x7f);
	traced_signal_pass_on(child, passed_on);
	close(pipe_ends[0]);
	close(pipe_ends[1]);
	return status_of(child);
}

static void a_signal_does_to_a_call_what_it_does_untraced(void **state)
{
	(void)state;
	assert_int_equal(end_after(SIGWINCH, SIGWINCH), ENDED_BY_US); /* it has no effect */
	assert_int_equal(end_after(SIGUSR1, SIGUSR1), KILLED);
	assert_int_equal(end_after(SIGUSR1, TRACED_CALL_STOP), INTERRUPTED);
}

/* A SIGSTOP that arrives while a thread works for us stops the process afterwards. */
static void a_process_stops_once_its_thread_has_worked(void **state)
{
	struct stopped child = stopped_child(true);
	const double until_ms = tracing_now_ms() + WITHIN_MS;
	int status = 0;

	(void)state;
	assert_true(thread_borrow(&child));
	assert_int_equal(kill(child.pid, SIGSTOP), 0);
	assert_true(system_make(&child, SYS_getpid));
	borrowed_end(&child.borrowed);
	tracees_end(&child.tracees);
	while (waitpid(child.pid, &status, WUNTRACED | WNOHANG) == 0 && tracing_now_ms() < until_ms)
		tracing_nap(1);
	assert_true(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
	kill(child.pid, SIGKILL);
	assert_int_equal(stopped_end(&child), KILLED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(strangers_with_the_numbers_of_threads_run_on),
	    cmocka_unit_test(a_thread_that_worked_for_us_goes_on),
	    cmocka_unit_test(work_that_ends_a_process_or_has_no_end_is_given_up),
	    cmocka_unit_test(a_thread_that_cannot_work_is_left_alone),
	    cmocka_unit_test(a_process_that_was_killed_does_no_work),
	    cmocka_unit_test(a_signal_does_to_a_call_what_it_does_untraced),
	    cmocka_unit_test(a_process_stops_once_its_thread_has_worked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
