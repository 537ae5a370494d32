/* SPDX-License-Identifier: Apache-2.0 */
/* Signals while a run is finished: see hurry.h. */
#include "session/hurry.h"

#include <signal.h>
#include <stdint.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "process/signals.h"
#include "work/clock.h"

enum {
	LAST_S = 2,           /* from the first signal to the end, at most */
	MOMENT_NS = 300000000 /* most runs finish in less time, and lose nothing to impatient users */
};

static const int asking[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
static volatile sig_atomic_t is_asked;
static uint64_t asked_ns; /* valid with the above */
static int status;

static void asked_for(int number)
{
	const struct itimerval last = {.it_value.tv_sec = LAST_S};

	(void)number;
	if (is_asked)
		return;
	asked_ns = clock_monotonic_ns();
	is_asked = 1;
	setitimer(ITIMER_REAL, &last, NULL);
}

/* Time since somebody first asked us to hurry; 0: nobody has. */
static uint64_t asked_since_ns(void)
{
	return is_asked ? clock_monotonic_ns() - asked_ns : 0;
}

/* Only our own timer's signal counts: a SIGALRM of somebody else's (an alarm() before seep was executed) was meant for
 * the program. */
static void end_now(int number)
{
	static const char text[] =
	    "seep: interrupted while the last snapshots were written; 'seep snapshot DIR' writes "
	    "that of a recording\n";

	(void)number;
	if (asked_since_ns() < LAST_S * UINT64_C(1000000000))
		return;
	if (write(STDERR_FILENO, text, sizeof text - 1) < 0)
		_exit(status);
	_exit(status);
}

void hurry_listen(int program_status)
{
	const struct sigaction ask = {.sa_handler = asked_for, .sa_flags = SA_RESTART},
			       end = {.sa_handler = end_now, .sa_flags = SA_RESTART};
	sigset_t heard;

	status = program_status;
	sigemptyset(&heard);
	for (size_t i = 0; i < sizeof asking / sizeof asking[0]; i++) {
		struct sigaction before;
		if (sigaction(asking[i], NULL, &before) == 0 && before.sa_handler == SIG_IGN)
			continue;
		sigaction(asking[i], &ask, NULL);
		sigaddset(&heard, asking[i]);
	}
	sigaction(SIGALRM, &end, NULL);
	static const int needed[] = {SIGALRM, SIGTSTP, SIGTTIN, SIGTTOU, SIGBUS, SIGSEGV, SIGFPE, SIGILL, SIGABRT};
	for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
		sigaddset(&heard, needed[i]);
	signals_mask(SIG_UNBLOCK, &heard, NULL);
}

bool hurry_is_over(void)
{
	return asked_since_ns() >= MOMENT_NS;
}

void hurry_forget(void)
{
	const struct sigaction plain = {.sa_handler = SIG_DFL};
	const sigset_t all = signals_all();
	sigset_t heard;

	signals_mask(SIG_BLOCK, &all, NULL);
	sigaction(SIGTERM, &plain, NULL);
	sigemptyset(&heard);
	sigaddset(&heard, SIGTERM);
	sigaddset(&heard, SIGBUS);
	signals_mask(SIG_UNBLOCK, &heard, NULL);
}
