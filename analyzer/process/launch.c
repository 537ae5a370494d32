/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The child stays in our process group: a key on the terminal reaches it by
 * itself, and job control stops and continues both. What was sent to us alone
 * we send on. The signals that we handle are blocked before the fork and taken
 * with sigwaitinfo(), so none is lost in a window and no handler is needed;
 * what was ignored when we were started (nohup) stays ignored in the program.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "process/inspect.h"
#include "process/launch.h"
#include "process/library.h"

static const int forwarded_signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
enum { FORWARDED_COUNT = sizeof forwarded_signals / sizeof forwarded_signals[0] };

/* Runs in the child. Reports the reason through the pipe if the program can't be executed. */
static _Noreturn void child_execute(char **arguments, char **environment, const sigset_t *mask,
				    const struct sigaction *child_action, int report)
{
	sigaction(SIGCHLD, child_action, NULL);
	sigprocmask(SIG_SETMASK, mask, NULL);
	execvpe(arguments[0], arguments, environment);
	int reason = errno;
	while (write(report, &reason, sizeof reason) < 0 && errno == EINTR)
		;
	_exit(LAUNCH_CANNOT_EXECUTE);
}

/* The errno of the child's exec, or 0 once it has succeeded and closed the pipe. */
static int exec_result(int report)
{
	int reason = 0;
	ssize_t got;

	do
		got = read(report, &reason, sizeof reason);
	while (got < 0 && errno == EINTR);
	return got == (ssize_t)sizeof reason ? reason : 0;
}

/* A signal from the kernel (a key on the terminal) has reached the program too. One from the program itself or from
 * what it started, most likely sent to the whole group, must not come back to it. */
static void signal_forward(const siginfo_t *signal, pid_t child)
{
	if (signal->si_code == SI_KERNEL || process_descends_from(signal->si_pid, child))
		return;
	kill(child, signal->si_signo);
}

static int wait_forwarding(pid_t child, const sigset_t *signals)
{
	for (;;) {
		int status;
		siginfo_t signal;
		pid_t ended = waitpid(child, &status, WNOHANG);

		if (ended == child && WIFEXITED(status))
			return WEXITSTATUS(status);
		if (ended == child && WIFSIGNALED(status))
			return LAUNCH_SIGNAL_BASE + WTERMSIG(status);
		if (sigwaitinfo(signals, &signal) > 0 && signal.si_signo != SIGCHLD)
			signal_forward(&signal, child);
	}
}

static void launch_failed(struct launch_result *result, const char *program, int reason, struct error *error)
{
	result->started = false;
	result->status = reason == ENOENT ? LAUNCH_NOT_FOUND : LAUNCH_CANNOT_EXECUTE;
	error_set(error, "%s: %s", program, reason == ENOENT ? "not found" : strerror(reason));
}

void launch_and_wait(char **arguments, char **environment, struct launch_result *result, struct error *error)
{
	sigset_t signals, mask_before;
	struct sigaction child_action, plain = {.sa_handler = SIG_DFL};
	int report[2];

	*result = (struct launch_result){0};
	if (pipe2(report, O_CLOEXEC) != 0) {
		launch_failed(result, arguments[0], errno, error);
		return;
	}
	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	for (size_t i = 0; i < FORWARDED_COUNT; i++)
		sigaddset(&signals, forwarded_signals[i]);
	sigprocmask(SIG_BLOCK, &signals, &mask_before);
	/* Had it been ignored, the child would vanish without a status. */
	sigaction(SIGCHLD, &plain, &child_action);

	pid_t child = fork();
	if (child == 0)
		child_execute(arguments, environment, &mask_before, &child_action, report[1]);
	int reason = child < 0 ? errno : 0;
	close(report[1]);
	if (child > 0) {
		reason = exec_result(report[0]);
		result->pid = child;
		result->started = reason == 0;
		result->status = wait_forwarding(child, &signals);
	}
	close(report[0]);
	/* What came after its end was for a program that is no more. */
	while (sigtimedwait(&signals, NULL, &(struct timespec){0}) > 0)
		;
	sigaction(SIGCHLD, &child_action, NULL);
	sigprocmask(SIG_SETMASK, &mask_before, NULL);
	if (reason)
		launch_failed(result, arguments[0], reason, error);
}

static bool variable_is_dropped(const char *entry, const char *const *drop)
{
	size_t name_length = strcspn(entry, "=");

	for (; *drop; drop++) {
		size_t length = strlen(*drop);
		bool is_prefix = (*drop)[length - 1] == '_';
		if (strncmp(entry, *drop, length) == 0 && (is_prefix || name_length == length))
			return true;
	}
	return false;
}

char **environment_derive(const char *const *drop, char *const *add)
{
	size_t count = 0, kept = 0;

	for (char **entry = environ; *entry; entry++)
		count++;
	for (char *const *entry = add; *entry; entry++)
		count++;
	char **derived = memory_allocate(count + 1, sizeof *derived);
	for (char **entry = environ; *entry; entry++)
		if (!variable_is_dropped(*entry, drop))
			derived[kept++] = *entry;
	for (char *const *entry = add; *entry; entry++)
		derived[kept++] = *entry;
	return derived;
}

void launch_leave_shim(char **arguments)
{
	static const char *const drop[] = {"LD_PRELOAD", "SEEP_", NULL};
	const char *list = getenv("LD_PRELOAD");

	if (!library_preload_has_shim(list))
		return;
	char *kept = library_join_preload(NULL, NULL, list);
	char *add[] = {kept, NULL};
	char **environment = environment_derive(drop, kept ? add : add + 1);
	execve("/proc/self/exe", arguments, environment);
	/* Without /proc it goes on with the shim inside, which is no harm but an empty recording. */
	free(environment);
	free(kept);
}
