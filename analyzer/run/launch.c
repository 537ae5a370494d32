/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The child stays in our process group: a key on the terminal reaches it by itself, and job control stops and continues
 * both. relay.h sends on the signals that were sent to us alone. Signals that were ignored or blocked when we were
 * started (nohup) are so in the program, too.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "run/launch.h"
#include "process/library.h"
#include "run/relay.h"

/* Attributes that a process keeps when it executes another program, but that a child does not inherit. The program must
 * have them as if we had executed it. If we are meant to gather orphans, the program gathers its own. If our parent's
 * end kills us by SIGKILL, which we cannot pass on, our end kills the program. */
struct inheritance {
	int gathers, dies_with_parent;
};

static struct inheritance inheritance_take(void)
{
	struct inheritance taken = {0};

	prctl(PR_GET_CHILD_SUBREAPER, &taken.gathers, 0, 0, 0);
	prctl(PR_GET_PDEATHSIG, &taken.dies_with_parent, 0, 0, 0);
	taken.gathers |= getpid() == 1;
	prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
	return taken;
}

static void inheritance_give(const struct inheritance *taken, pid_t seep)
{
	if (taken->gathers)
		prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	if (taken->dies_with_parent != SIGKILL)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() != seep) /* we ended before that */
		kill(getpid(), SIGKILL);
}

/* In the child: systemd hands descriptors over to the process that these variables name, and expects a sign of life from it. If
 * that was seep, it is the program now. */
static void environment_readdress(char **environment, pid_t seep)
{
	static const char *const names[] = {"LISTEN_PID", "WATCHDOG_PID"};
	static char wanted[64], texts[sizeof names / sizeof *names][64];

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(wanted, sizeof wanted, "%s=%d", names[i], (int)seep);
		snprintf(texts[i], sizeof texts[i], "%s=%d", names[i], (int)getpid());
		for (char **entry = environment; *entry; entry++)
			if (strcmp(*entry, wanted) == 0)
				*entry = texts[i];
	}
}

/* In the child, with all signals blocked: waits until seep lets it go, and raises the signals of the group that came before
 * it was there. Where no descriptor was left for that, it goes at once. */
static void child_wait(int go)
{
	uint64_t signals = 0;

	while (read(go, &signals, sizeof signals) < 0 && errno == EINTR)
		;
	for (int number = 1; number <= SIGNALS; number++)
		if ((signals >> (number - 1) & 1) && !signals_pending(number))
			kill(getpid(), number);
}

static void child_let_go(int go, uint64_t signals)
{
	while (write(go, &signals, sizeof signals) < 0 && errno == EINTR)
		;
	close(go);
}

/* Runs in the child. If the program can't be executed, reports the reason through the pipe. */
static _Noreturn void child_execute(char **arguments, char **environment, const struct launch_inherited *before,
				    int report)
{
	sigaction(SIGCHLD, &before->child_action, NULL);
	setrlimit(RLIMIT_FSIZE, &before->file_size);
	signals_mask(SIG_SETMASK, &before->mask, NULL);
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

/* Lets before_exec() see the child's exec. Its result is awaited later: a signal that comes before the exec stops the
 * child, too. */
static void exec_trace(pid_t child, int go, uint64_t signals, const struct launch_result *result)
{
	int reason = ptrace(PTRACE_SEIZE, child, NULL, (void *)(intptr_t)PTRACE_O_TRACEEXEC) == 0 ? 0 : errno;

	child_let_go(go, signals);
	result->before_exec(child, reason, result->context);
}

static void launch_failed(struct launch_result *result, const char *program, int reason, struct error *error)
{
	result->started = false;
	result->status = reason == ENOENT ? LAUNCH_NOT_FOUND : LAUNCH_CANNOT_EXECUTE;
	error_set(error, "%s: %s", program, reason == ENOENT ? "not found" : strerror(reason));
}

void launch_prepare(struct launch_result *result)
{
	const struct sigaction plain = {.sa_handler = SIG_DFL};
	const sigset_t all = signals_all();

	*result = (struct launch_result){0};
	signals_mask(SIG_BLOCK, &all, &result->before.mask);
	/* With SIGCHLD ignored, the child would vanish without a status. */
	sigaction(SIGCHLD, &plain, &result->before.child_action);
	if (getrlimit(RLIMIT_FSIZE, &result->before.file_size) == 0 &&
	    setrlimit(RLIMIT_FSIZE, &(struct rlimit){RLIM_INFINITY, RLIM_INFINITY}) != 0)
		setrlimit(RLIMIT_FSIZE,
			  &(struct rlimit){result->before.file_size.rlim_max, result->before.file_size.rlim_max});
}

void launch_and_wait(char **arguments, char **environment, struct guard *guard, struct launch_result *result,
		     struct error *error)
{
	siginfo_t late;
	int report[2], go[2] = {-1, -1};

	if (pipe2(report, O_CLOEXEC) != 0 || (pipe2(go, O_CLOEXEC) != 0 && result->before_exec)) {
		launch_failed(result, arguments[0], errno, error);
		return;
	}
	const struct inheritance taken = inheritance_take();
	pid_t seep = getpid(), child = fork();
	if (child == 0) {
		inheritance_give(&taken, seep);
		environment_readdress(environment, seep);
		close(go[1]);
		child_wait(go[0]);
		child_execute(arguments, environment, &result->before, report[1]);
	}
	int reason = child < 0 ? errno : 0;
	close(report[1]);
	close(go[0]);
	if (child < 0)
		close(go[1]);
	if (child > 0) {
		const uint64_t signals = relay_begin(guard, child);
		if (result->before_exec)
			exec_trace(child, go[1], signals, result);
		else
			child_let_go(go[1], signals);
		reason = exec_result(report[0]);
		result->pid = child;
		result->started = reason == 0;
		int status = relay_until_end(guard, child);
		result->status = WIFEXITED(status) ? WEXITSTATUS(status) : LAUNCH_SIGNAL_BASE + WTERMSIG(status);
	}
	close(report[0]);
	/* Drops signals that came after the program's end: they were meant for the program. */
	while (signals_take(&late, false))
		;
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
	/* Without /proc seep goes on with the shim inside: only its recording is empty. */
	free(environment);
	free(kept);
}
