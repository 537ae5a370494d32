/* SPDX-License-Identifier: Apache-2.0 */
/* The process that tells which signals were sent to the group: see witness.h. */
#include "run/witness.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "process/inspect.h"
#include "session/background.h"

enum {
	ANSWER_MS =
	    /* the witness does nothing but wait for us: if it is silent for this long, a debugger has stopped it */
	1000,
	STOP_MS = 200, /* it is seen to have stopped in about one */
};

static _Noreturn void collect(int socket, pid_t seep, pid_t guard)
{
	char question;
	ssize_t got;

	prctl(PR_SET_NAME, "seep-witness");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	descriptors_close_but(0, &socket, 1); /* it must not hold a pipe on whose end somebody waits */
	while (getppid() == guard && ((got = read(socket, &question, 1)) > 0 || (got < 0 && errno == EINTR))) {
		unsigned char counts[SIGNALS + 1] = {0};
		siginfo_t signal;
		if (got < 0)
			continue;
		while (signals_take(&signal, false)) {
			bool is_rousing =
			    signal.si_signo == SIGCONT && (signal.si_pid == seep || signal.si_pid == guard);
			if (!is_rousing && counts[signal.si_signo] < UCHAR_MAX)
				counts[signal.si_signo]++;
		}
		if (send(socket, counts, sizeof counts, MSG_NOSIGNAL) < 0)
			break;
	}
	_exit(0);
}

pid_t witness_fork(int questions, pid_t seep)
{
	pid_t guard = getpid(), pid = fork();

	if (pid == 0)
		collect(questions, seep, guard);
	return pid > 0 ? pid : 0;
}

void witness_end(struct witness *witness)
{
	if (witness->pid)
		close(witness->socket);
	*witness = (struct witness){.socket = -1};
}

/* The kernel holds a lock of all processes, for reading, while it sends a signal to a group. This call takes that lock
 * for writing, and changes nothing, as no process has that number. So afterwards a signal has reached the whole group,
 * or nobody in it. */
static void group_signals_settle(void)
{
	setpgid(INT_MAX, INT_MAX);
}

void witness_stop(const struct witness *witness)
{
	const struct timespec moment = {.tv_nsec = 1000000};

	if (!witness->pid || kill(witness->pid, SIGSTOP) != 0)
		return;
	for (int moments = 0; moments < STOP_MS && process_state(witness->pid) != 'T'; moments++)
		nanosleep(&moment, NULL);
}

/* The witness may have been stopped together with us while we alone were continued. Only then is it continued here,
 * since SIGCONT removes stops that it has not reported yet. */
static void rouse(const struct witness *witness)
{
	if (process_state(witness->pid) == 'T')
		kill(witness->pid, SIGCONT);
}

bool witness_ask(struct witness *witness, unsigned counts[SIGNALS + 1])
{
	unsigned char seen[SIGNALS + 1];
	struct pollfd answer = {.fd = witness->socket, .events = POLLIN};

	if (!witness->pid)
		return false;
	group_signals_settle();
	rouse(witness);
	if (send(witness->socket, "?", 1, MSG_NOSIGNAL) != 1 || poll(&answer, 1, ANSWER_MS) != 1 ||
	    recv(witness->socket, seen, sizeof seen, MSG_DONTWAIT) != sizeof seen) {
		witness_end(witness);
		return false;
	}
	group_signals_settle();
	for (int number = 1; number <= SIGNALS; number++)
		counts[number] += seen[number];
	return true;
}
