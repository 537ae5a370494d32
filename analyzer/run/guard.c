/* SPDX-License-Identifier: Apache-2.0 */
/* `seep run`'s part of the guard: see guard.h. The guard process's own part is in guard_process.c. */
#include "run/guard.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run/guard_process.h"
#include "session/hurry.h"

enum {
	BEGUN_MAX = 4,
	LOOK_MS = 20,
	END_MS = 3000, /* the guard gives up by itself before that */
};

static void tell(struct guard *guard, enum guard_news news)
{
	struct guard_message message = {.news = news, .program = guard->program};

	if (guard->pid)
		send(guard->socket, &message, sizeof message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static bool pair_make(int ends[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0;
}

static void pair_close(const int ends[2])
{
	close(ends[0]);
	close(ends[1]);
}

/* Forks, and waits until the guard says that it is ready. */
static bool process_begin(struct guard *guard, const int control[2], const int questions[2])
{
	struct guard_greeting greeting = {0};
	pid_t seep = getpid(), pid = fork();

	if (pid == 0)
		guard_process_run(&(struct guard_process){.session = guard->session,
							  .seep = seep,
							  .control = control[1],
							  .questions = questions[1],
							  .program = guard->program});
	close(control[1]);
	close(questions[1]);
	if (pid > 0 && recv(control[0], &greeting, sizeof greeting, 0) == sizeof greeting) {
		guard->pid = pid;
		guard->socket = control[0];
		guard->keeps = greeting.keeps;
		guard->watches = greeting.watches;
		guard->witness = (struct witness){.pid = greeting.witness, .socket = questions[0]};
		return true;
	}
	close(control[0]);
	close(questions[0]);
	return false;
}

static void begin(struct guard *guard)
{
	int control[2], questions[2];

	guard->begun++;
	if (!pair_make(control))
		return;
	if (pair_make(questions))
		process_begin(guard, control, questions);
	else
		pair_close(control);
}

void guard_begin(struct guard *guard, const struct session *session)
{
	*guard = (struct guard){.session = session};
	begin(guard);
}

void guard_program_is(struct guard *guard, pid_t program)
{
	guard->program = program;
	tell(guard, GUARD_PROGRAM);
}

void guard_stopping(struct guard *guard)
{
	tell(guard, GUARD_STOPPING);
}

void guard_going_on(struct guard *guard)
{
	tell(guard, GUARD_GOING_ON);
}

bool guard_sent(const struct guard *guard, const siginfo_t *signal)
{
	return guard->pid && signal->si_signo == SIGCONT && signal->si_code == SI_USER && signal->si_pid == guard->pid;
}

static void let_go(struct guard *guard)
{
	witness_end(&guard->witness);
	close(guard->socket);
	guard->pid = 0;
	guard->keeps = guard->watches = false;
}

void guard_look_after(struct guard *guard)
{
	if (!guard->pid || waitpid(guard->pid, NULL, WNOHANG) != guard->pid)
		return;
	let_go(guard);
	if (guard->begun < BEGUN_MAX)
		begin(guard);
}

/* The guard's answer; zeros if it has ended, or does not answer in time. */
static bool answer_take(struct guard *guard, struct keepers_waits *waits)
{
	struct pollfd answer = {.fd = guard->socket, .events = POLLIN};

	for (int waited_ms = 0; waited_ms < END_MS && !hurry_is_over(); waited_ms += LOOK_MS)
		if (poll(&answer, 1, LOOK_MS) > 0)
			return recv(guard->socket, waits, sizeof *waits, MSG_DONTWAIT) == sizeof *waits;
	return false;
}

struct keepers_waits guard_end(struct guard *guard)
{
	struct keepers_waits waits = {0};
	struct guard_message ignored;

	if (!guard->pid)
		return waits;
	tell(guard, GUARD_END);
	/* The guard gives back everything that it had, and closes its end of the socket last. */
	if (answer_take(guard, &waits) && recv(guard->socket, &ignored, sizeof ignored, 0) <= 0)
		while (waitpid(guard->pid, NULL, 0) < 0 && errno == EINTR)
			;
	let_go(guard);
	return waits;
}
