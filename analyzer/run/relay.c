/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The signals are blocked before the fork and taken one by one, so that none is lost and no handler is needed. See
 * relay.h.
 */
#include "run/relay.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process/inspect.h"

struct relay {
	struct guard *guard;
	pid_t program;
	unsigned to_group[SIGNALS + 1]; /* the witness has seen the signal, and we have not taken it yet */
	uint64_t got_by_group; /* signals taken since, but no stops: the program is not there to be continued */
};

enum {
	BATCH = 64,   /* the most signals that are sorted together */
	ROUNDS = 8,   /* rounds of asking the witness, if more signals keep coming */
	QUEUING = 32, /* from this number on, signals queue: each that is sent is received */
};

/* A signal that is news for us, and not for the program: a child has stopped or ended. */
static bool is_news(const siginfo_t *signal)
{
	return signal->si_signo == SIGCHLD && signal->si_code > 0;
}

/* A signal that is about us alone: we have used up our own processor time (the program's is counted apart), or the
 * guard has continued us. */
static bool is_our_own(const struct relay *relay, const siginfo_t *signal)
{
	return is_news(signal) || (signal->si_signo == SIGXCPU && signal->si_code == SI_KERNEL) ||
	       guard_sent(relay->guard, signal);
}

static bool is_from_somebody(const siginfo_t *signal)
{
	return signal->si_code == SI_USER || signal->si_code == SI_QUEUE || signal->si_code == SI_TKILL;
}

/* Without a witness this is a guess: a signal that came from a key on the terminal, or from the program itself, most
 * likely went to the whole group. */
static bool went_to_group(struct relay *relay, const siginfo_t *signal, bool witnessed)
{
	if (!witnessed)
		return signal->si_code == SI_KERNEL ||
		       (is_from_somebody(signal) && process_descends_from(signal->si_pid, relay->program));
	if (!relay->to_group[signal->si_signo])
		return false;
	/* The witness may have got two signals that do not queue as one, and we as two, because we had already taken
	 * the first. */
	if (signal->si_signo >= QUEUING)
		relay->to_group[signal->si_signo]--;
	return true;
}

static bool is_stop(int number)
{
	return number == SIGTSTP || number == SIGTTIN || number == SIGTTOU;
}

/* A stop for the whole group removes a SIGCONT that the witness had not taken yet, and a SIGCONT removes stops. We may
 * have taken ours before that. */
static bool was_taken_back(const struct relay *relay, const siginfo_t *batch, size_t index, size_t count)
{
	const int number = batch[index].si_signo;

	for (size_t later = index + 1; later < count; later++) {
		const int other = batch[later].si_signo;
		const bool opposite = number == SIGCONT ? is_stop(other) : is_stop(number) && other == SIGCONT;
		if (opposite && relay->to_group[other])
			return true;
	}
	return false;
}

/* A program that signals its parent means our own parent, whose place we have taken. */
static void signal_send(const struct relay *relay, siginfo_t *signal)
{
	bool goes_up = is_from_somebody(signal) && process_descends_from(signal->si_pid, relay->program);
	pid_t to = goes_up ? getppid() : relay->program;
	bool has_value = signal->si_code < 0 && signal->si_code != SI_TKILL;

	if (to > 0 && !(has_value && syscall(SYS_rt_sigqueueinfo, to, signal->si_signo, signal) == 0))
		kill(to, signal->si_signo);
}

static size_t batch_fill(siginfo_t *batch, size_t count)
{
	while (count < BATCH && signals_take(&batch[count], false))
		count++;
	return count;
}

/* Passes on the other signals, until we have received everything that the witness has seen. */
static void signals_pass_on(struct relay *relay, const siginfo_t *first)
{
	siginfo_t batch[BATCH] = {*first};
	size_t count = batch_fill(batch, 1), others = 0;
	bool witnessed = false;

	for (size_t i = 0; i < count; i++)
		others += !is_news(&batch[i]);
	if (!others)
		return;
	for (int round = 0; round < ROUNDS; round++) {
		witnessed = witness_ask(&relay->guard->witness, relay->to_group);
		size_t before = count;
		count = batch_fill(batch, count);
		if (count == before || count == BATCH)
			break;
	}
	for (size_t i = 0; i < count; i++) {
		if (is_our_own(relay, &batch[i]))
			continue;
		if (went_to_group(relay, &batch[i], witnessed))
			relay->got_by_group |= is_stop(batch[i].si_signo) ? 0 : UINT64_C(1) << (batch[i].si_signo - 1);
		else if (!was_taken_back(relay, batch, i, count))
			signal_send(relay, &batch[i]);
	}
	if (count < BATCH) /* the missing ones will never come: a stop removes continuations, and the reverse */
		memset(relay->to_group, 0, sizeof relay->to_group);
}

/* Stops us. Returns when we have been continued. */
static void stop(int number)
{
	const struct sigaction plain = {.sa_handler = SIG_DFL};
	struct sigaction before;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, number);
	sigaction(number, &plain, &before); /* fails for SIGSTOP, which needs no help */
	kill(getpid(), number);
	signals_mask(SIG_UNBLOCK, &set, NULL);
	signals_mask(SIG_BLOCK, &set, NULL);
	if (number != SIGSTOP)
		sigaction(number, &before, NULL);
}

static bool program_is_stopped(const struct relay *relay)
{
	siginfo_t state = {0};

	return waitid(P_PID, (id_t)relay->program, &state, WSTOPPED | WCONTINUED | WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       state.si_pid == 0;
}

/* Whether somebody has continued us already. The program need not learn of a SIGCONT from the guard. */
static bool is_continued(struct relay *relay)
{
	siginfo_t signal;

	if (!signals_take_one(SIGCONT, &signal) || guard_sent(relay->guard, &signal))
		return false;
	signals_pass_on(relay, &signal);
	return true;
}

/* Our shell has ended while we were stopped: the kernel has hung up our group and continued it. It does so with every stopped
 * group that has nobody left to continue it, but in our program's own it sees us. */
static void shell_end_pass_on(struct relay *relay)
{
	siginfo_t signal;

	if (!signals_pending(SIGCONT) || !signals_take_one(SIGHUP, &signal))
		return;
	signals_pass_on(relay, &signal);
	if (signal.si_code != SI_KERNEL || getpgid(relay->program) != relay->program || relay->program == getpgrp() ||
	    getsid(relay->program) != getsid(0))
		return;
	kill(-relay->program, SIGHUP);
	kill(-relay->program, SIGCONT);
}

/* Stops us, so that the shell sees that the job has stopped, and why. When we run again, a SIGCONT is pending. If it
 * came from a user or the shell, the program gets it, too; if it came from the guard, the program runs already. Without
 * a guard that could see this, a program that was stopped alone, and may be continued alone, stops alone. */
static void stop_too(struct relay *relay, int number)
{
	if (is_continued(relay) || (number == SIGSTOP && !relay->guard->watches))
		return;
	if (!is_stop(number))
		number = SIGSTOP;
	guard_stopping(relay->guard);
	witness_stop(&relay->guard->witness);
	stop(number);
	/* In a group without a shell the terminal's signals stop nobody, so the program was stopped by a signal of its
	 * own. */
	if (number != SIGSTOP && !signals_pending(SIGCONT) && program_is_stopped(relay))
		stop(SIGSTOP);
	guard_going_on(relay->guard);
	/* We must not take the signal that stopped us a second time; we take those that came meanwhile. */
	if (witness_ask(&relay->guard->witness, relay->to_group))
		relay->to_group[SIGTSTP] = relay->to_group[SIGTTIN] = relay->to_group[SIGTTOU] = 0;
	shell_end_pass_on(relay);
}

/* Waits for children that we did not make: process 1 inherits everybody's orphans, and nobody else would wait for
 * them. */
static void orphans_reap(const struct relay *relay)
{
	for (;;) {
		siginfo_t ended = {0};
		if (waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) != 0 || ended.si_pid == 0 ||
		    ended.si_pid == relay->program || ended.si_pid == relay->guard->pid)
			return;
		waitpid(ended.si_pid, NULL, WNOHANG);
	}
}

/* A signal that the program sends to its parent just before its end may arrive when we already know that it has ended.
 * As long as nobody has waited for it, the kernel knows who sent it. */
static int end_take(struct relay *relay)
{
	int status = 0;
	siginfo_t signal;

	while (signals_take(&signal, false))
		signals_pass_on(relay, &signal);
	while (waitpid(relay->program, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static bool is_end(const siginfo_t *state)
{
	return state->si_code == CLD_EXITED || state->si_code == CLD_KILLED || state->si_code == CLD_DUMPED;
}

uint64_t relay_begin(struct guard *guard, pid_t program)
{
	struct relay relay = {.guard = guard, .program = program};
	siginfo_t signal;

	while (signals_take(&signal, false))
		signals_pass_on(&relay, &signal);
	return relay.got_by_group;
}

int relay_until_end(struct guard *guard, pid_t program)
{
	struct relay *relay = &(struct relay){.guard = guard, .program = program};
	const int changes = WSTOPPED | WCONTINUED | WNOHANG;

	guard_program_is(guard, program);
	for (;;) {
		siginfo_t state = {0}, signal;

		waitid(P_PID, (id_t)program, &state, WEXITED | WNOWAIT | changes);
		if (state.si_pid != 0 && is_end(&state))
			return end_take(relay);
		if (state.si_pid != 0) {
			if (waitid(P_PID, (id_t)program, &state, changes) == 0 && state.si_pid != 0 &&
			    state.si_code == CLD_STOPPED)
				stop_too(relay, state.si_status);
		} else if (signals_take(&signal, true)) {
			guard_look_after(guard);
			orphans_reap(relay);
			signals_pass_on(relay, &signal);
		}
	}
}
