/* SPDX-License-Identifier: Apache-2.0 */
/* The guard at work: see guard.h. */
#include "run/guard_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "session/background.h"
#include "session/hurry.h"
#include "session/keepers.h"
#include "session/names.h"
#include "process/inspect.h"
#include "session/stay.h"
#include "run/witness.h"

enum {
	NAP_FIRST_MS = 4, /* between looks at a stopped job; doubled from look to look */
	NAP_MS = 256,
	LOOKS = 8, /* a program that was not seen stopped in this many looks was continued at once */
	INHERITED_LOOK_MS = 200,
};

static bool is_stopped(char state)
{
	return state == 'T' || state == 't';
}

static void job_watch_anew(struct guard_process *guard)
{
	guard->program_seen = guard->announced;
	guard->looks = 0;
	guard->nap_ms = NAP_FIRST_MS;
}

static bool job_is_watched(const struct guard_process *guard)
{
	return guard->program && (guard->announced || guard->witness_stopped);
}

/* While `seep run` is stopped, somebody may continue the program by its own number, or kill it. Then `seep run` must go
 * on, too. After a SIGCONT to the whole job, both run, and this does nothing. A mistake does no harm, because `seep
 * run` stops again. */
static void job_look(struct guard_process *guard)
{
	char program = process_state(guard->program);

	guard->nap_ms = guard->nap_ms < NAP_MS ? 2 * guard->nap_ms : NAP_MS;
	if (is_stopped(program) || program == 'D') {
		guard->program_seen |= is_stopped(program);
		guard->looks = 0;
		return;
	}
	if (!guard->program_seen && ++guard->looks < LOOKS)
		return;
	if (is_stopped(process_state(guard->seep)))
		kill(guard->seep, SIGCONT);
	if (guard->witness_stopped)
		kill(guard->witness, SIGCONT);
}

static void witness_follow(struct guard_process *guard)
{
	struct signalfd_siginfo signal;
	int status;

	while (read(guard->witness_news, &signal, sizeof signal) > 0)
		;
	while (guard->witness && waitpid(guard->witness, &status, WNOHANG | WUNTRACED | WCONTINUED) > 0) {
		guard->witness_stopped = WIFSTOPPED(status);
		if (WIFEXITED(status) || WIFSIGNALED(status))
			guard->witness = 0;
		if (guard->witness_stopped)
			job_watch_anew(guard);
	}
}

static void witness_dismiss(struct guard_process *guard)
{
	if (!guard->witness)
		return;
	kill(guard->witness, SIGKILL);
	while (waitpid(guard->witness, NULL, 0) < 0 && errno == EINTR)
		;
	guard->witness = 0;
}

static void program_is(struct guard_process *guard, pid_t program)
{
	guard->program = program;
	guard->program_end = program ? (int)syscall(SYS_pidfd_open, program, 0) : -1;
}

static bool program_has_ended(const struct guard_process *guard)
{
	struct pollfd end = {.fd = guard->program_end, .events = POLLIN};

	if (guard->program_end < 0)
		return !guard->program || (kill(guard->program, 0) != 0 && errno == ESRCH);
	return poll(&end, 1, 0) > 0;
}

/* `seep run` has been killed: does its work when the program ends, and stays with the processes that outlive it. */
static _Noreturn void inherit(struct guard_process *guard)
{
	struct session session = *guard->session;
	struct session_results results;
	size_t count;

	witness_dismiss(guard);
	hurry_forget();
	while (!program_has_ended(guard) || keepers_are_busy(guard->keepers))
		poll(NULL, 0, INHERITED_LOOK_MS);
	keepers_stop(guard->keepers);
	session_finish(&session, &results);
	recordings_stay(&results);
	const char **directories = session_directories(&results, &count);
	names_keep(directories, count);
	_exit(0);
}

static _Noreturn void end(struct guard_process *guard)
{
	struct keepers_waits waits = keepers_stop(guard->keepers);

	witness_dismiss(guard);
	send(guard->control, &waits, sizeof waits, MSG_NOSIGNAL);
	_exit(0);
}

static void message_take(struct guard_process *guard)
{
	struct guard_message message;
	ssize_t got = recv(guard->control, &message, sizeof message, MSG_DONTWAIT);

	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (got != sizeof message)
		inherit(guard);
	switch (message.news) {
	case GUARD_PROGRAM:
		program_is(guard, message.program);
		break;
	case GUARD_STOPPING:
	case GUARD_GOING_ON:
		guard->announced = message.news == GUARD_STOPPING;
		job_watch_anew(guard);
		break;
	case GUARD_END:
		end(guard);
	}
}

static _Noreturn void serve(struct guard_process *guard)
{
	struct pollfd news[] = {{.fd = guard->control, .events = POLLIN},
				{.fd = guard->witness_news, .events = POLLIN}};

	for (;;) {
		int count = poll(news, 2, job_is_watched(guard) ? guard->nap_ms : -1);
		if (count > 0 && news[1].revents)
			witness_follow(guard);
		if (count > 0 && news[0].revents)
			message_take(guard);
		if (count == 0)
			job_look(guard);
	}
}

_Noreturn void guard_process_run(struct guard_process *guard)
{
	sigset_t children;

	prctl(PR_SET_NAME, "seep-guard");
	guard->witness = witness_fork(guard->questions, guard->seep);
	background_enter_with(guard->session, guard->control);
	sigemptyset(&children);
	sigaddset(&children, SIGCHLD);
	guard->witness_news = signalfd(-1, &children, SFD_NONBLOCK | SFD_CLOEXEC);
	program_is(guard, guard->program);
	guard->keepers = keepers_start(guard->session);
	const struct guard_greeting greeting = {
	    .witness = guard->witness, .keeps = guard->keepers != NULL, .watches = process_state(guard->seep) != 0};
	send(guard->control, &greeting, sizeof greeting, MSG_NOSIGNAL);
	serve(guard);
}
