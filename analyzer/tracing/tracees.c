/* SPDX-License-Identifier: Apache-2.0 */
/* See tracees.h. */
#include "tracing/tracees.h"

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <seep/process.h>

#include "base/memory.h"
#include "tracing/traced_signals.h"
#include "work/clock.h"

enum {
	LOOKS_MAX = 64,       /* looks at the list of threads, in one stop */
	END_WITHIN_MS = 2000, /* how long a thread that was asked to stop gets to do so before we leave */
	SLACK_NS = 1000,      /* of our sleeps */
};

#define SUSPEND_SECCOMP (1 << 21) /* PTRACE_O_SUSPEND_SECCOMP, which the C library does not name */

double tracing_now_ms(void)
{
	return (double)clock_monotonic_ns() / 1e6;
}

/* The kernel reports each thread's stop by SIGCHLD, which tracees_begin() has blocked. */
void tracing_nap(double ms)
{
	sigset_t children;
	const struct timespec nap = {.tv_sec = (time_t)(ms / 1e3),
				     .tv_nsec = (long)((ms - 1e3 * (double)(time_t)(ms / 1e3)) * 1e6)};

	sigemptyset(&children);
	sigaddset(&children, SIGCHLD);
	sigtimedwait(&children, NULL, &nap);
}

void tracees_begin(struct tracees *tracees, pid_t pid)
{
	sigset_t children;

	*tracees = (struct tracees){.pid = pid};
	sigemptyset(&children);
	sigaddset(&children, SIGCHLD);
	sigprocmask(SIG_BLOCK, &children, NULL);
	prctl(PR_SET_TIMERSLACK, SLACK_NS, 0, 0, 0);
}

/* While threads stand still for us, others' work should not make them wait. If we may not go first, we don't. */
static void hurry(struct tracees *tracees)
{
	const struct sched_param first = {.sched_priority = 1};

	if (!tracees->hurries && sched_getscheduler(0) == SCHED_OTHER)
		tracees->hurries = sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &first) == 0;
}

static void hurry_no_more(struct tracees *tracees)
{
	const struct sched_param like_others = {0};

	if (tracees->hurries)
		sched_setscheduler(0, SCHED_OTHER, &like_others);
	tracees->hurries = false;
}

static void stop_note(struct tracees *tracees)
{
	if (tracees->stopped_at_ms == 0)
		tracees->stopped_at_ms = tracing_now_ms();
}

/* A thread that was let go may have ended since, and its number be another process's. */
static bool is_of_process(const struct tracees *tracees, pid_t tid)
{
	return syscall(SYS_tgkill, tracees->pid, tid, 0) == 0 || errno != ESRCH;
}

/* The thread stays stopped if its process is. */
static void tracee_let_run(struct tracee *tracee)
{
	tracee->state = ptrace(PTRACE_DETACH, tracee->tid, NULL, NULL) == 0 ? TRACEE_FREE : TRACEE_GONE;
	tracee->unwanted = false;
}

static void event_take(struct tracees *tracees, struct tracee *tracee, int status)
{
	if (!WIFSTOPPED(status)) {
		tracee->state = TRACEE_GONE;
		return;
	}
	if (status >> 16 != PTRACE_EVENT_STOP) {
		traced_signal_pass_on(tracee->tid, WSTOPSIG(status));
		return;
	}
	tracee->calls_again = traced_call_make_again(tracee->tid, false);
	tracee->state = TRACEE_STOPPED;
	if (!is_of_process(tracees, tracee->tid)) { /* since just before it was asked */
		tracee_let_run(tracee);
		tracee->state = TRACEE_GONE;
	} else if (tracee->unwanted)
		tracee_let_run(tracee);
	else
		stop_note(tracees);
}

/* Takes news of one thread, if there is any. */
static void tracee_serve(struct tracees *tracees, struct tracee *tracee)
{
	int status;

	while (tracee->state == TRACEE_ASKED) {
		pid_t got = waitpid(tracee->tid, &status, __WALL | WNOHANG);
		if (got == 0)
			return;
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			tracee->state = TRACEE_GONE;
		else
			event_take(tracees, tracee, status);
	}
}

void tracees_serve(struct tracees *tracees)
{
	for (size_t i = 0; i < tracees->count; i++)
		tracee_serve(tracees, &tracees->items[i]);
}

static bool is_zombie(pid_t tid)
{
	struct seep_process_stat stat;

	return !seep_process_stat((uint64_t)tid, &stat) || stat.state == 'Z' || stat.state == 'X';
}

/* False: the thread may not be traced. */
static bool ask(const struct tracees *tracees, struct tracee *tracee, struct error *error)
{
	tracee->unwanted = false;
	if (tracee->state != TRACEE_FREE)
		return true;
	tracee->state = TRACEE_GONE;
	if (!is_of_process(tracees, tracee->tid))
		return true;
	if (ptrace(PTRACE_SEIZE, tracee->tid, NULL, (void *)(intptr_t)PTRACE_O_TRACESYSGOOD) == 0) {
		ptrace(PTRACE_INTERRUPT, tracee->tid, NULL, NULL);
		tracee->state = TRACEE_ASKED;
		return true;
	}
	if (errno == ESRCH || is_zombie(tracee->tid))
		return true;
	return error_set(error, "%d can't be stopped: %s", (int)tracees->pid,
			 errno == EPERM ? "that needs the same user or CAP_SYS_PTRACE, and no other tracer"
					: strerror(errno));
}

static bool are_stopped(const struct tracees *tracees)
{
	for (size_t i = 0; i < tracees->count; i++)
		if (tracees->items[i].state == TRACEE_FREE || tracees->items[i].state == TRACEE_ASKED)
			return false;
	return true;
}

/* Waits until a thread, or each of them (NULL), has stopped or ended. */
static bool await_stop(struct tracees *tracees, const struct tracee *one, double until_ms)
{
	for (tracees_serve(tracees); one ? one->state == TRACEE_ASKED : !are_stopped(tracees); tracees_serve(tracees)) {
		const double left_ms = until_ms - tracing_now_ms();
		if (left_ms <= 0)
			return false;
		tracing_nap(left_ms < 1 ? left_ms : 1);
	}
	return true;
}

bool tracee_stop(struct tracees *tracees, struct tracee *tracee, double within_ms, struct error *error)
{
	double until_ms = tracing_now_ms() + within_ms;

	hurry(tracees);
	if (!ask(tracees, tracee, error)) {
		hurry_no_more(tracees);
		return false;
	}
	await_stop(tracees, tracee, until_ms);
	if (tracee->state != TRACEE_STOPPED)
		hurry_no_more(tracees);
	if (tracee->state == TRACEE_ASKED) {
		tracee->unwanted = true;
		return error_set(error, "thread %d of %d did not stop within %.0f ms", (int)tracee->tid,
				 (int)tracees->pid, within_ms);
	}
	return tracee->state == TRACEE_STOPPED ||
	       error_set(error, "thread %d of %d has ended", (int)tracee->tid, (int)tracees->pid);
}

bool tracee_suspend_filters(const struct tracee *tracee)
{
	return ptrace(PTRACE_SETOPTIONS, tracee->tid, NULL,
		      (void *)(intptr_t)(PTRACE_O_TRACESYSGOOD | SUSPEND_SECCOMP)) == 0;
}

void tracee_let_go(struct tracee *tracee)
{
	ptrace(PTRACE_INTERRUPT, tracee->tid, NULL, NULL);
	tracee->state = TRACEE_ASKED;
	tracee->unwanted = true;
}

static void pause_count(struct tracees *tracees)
{
	double stood_ms = tracees->stopped_at_ms ? tracing_now_ms() - tracees->stopped_at_ms : 0;

	if (stood_ms > tracees->longest_ms)
		tracees->longest_ms = stood_ms;
	tracees->stopped_at_ms = 0;
}

void tracee_resume(struct tracees *tracees, struct tracee *tracee)
{
	if (tracee->state != TRACEE_STOPPED)
		return;
	tracee_let_run(tracee);
	tracees->stopped_at_ms = 0;
	hurry_no_more(tracees);
}

static struct tracee *tracee_of(struct tracees *tracees, pid_t tid)
{
	for (size_t i = 0; i < tracees->count; i++)
		if (tracees->items[i].tid == tid && tracees->items[i].state != TRACEE_GONE)
			return &tracees->items[i];
	return NULL;
}

struct tracee *tracees_take(struct tracees *tracees, pid_t tid)
{
	struct tracee *taken = tracee_of(tracees, tid);

	if (taken)
		return taken;
	ARRAY_RESERVE(tracees->items, tracees->count, tracees->capacity);
	taken = &tracees->items[tracees->count++];
	*taken = (struct tracee){.tid = tid, .state = TRACEE_STOPPED};
	ptrace(PTRACE_SETOPTIONS, tid, NULL, (void *)(intptr_t)PTRACE_O_TRACESYSGOOD);
	return taken;
}

/* Adds new threads; *added: how many. */
static bool threads_add(struct tracees *tracees, size_t *added, struct error *error)
{
	char path[32];
	struct dirent *entry;

	*added = 0;
	snprintf(path, sizeof path, "/proc/%d/task", (int)tracees->pid);
	DIR *tasks = opendir(path);
	if (!tasks)
		return error_set(error, "%d has ended", (int)tracees->pid);
	while ((entry = readdir(tasks))) {
		pid_t tid = (pid_t)atoi(entry->d_name);
		if (tid <= 0 || tracee_of(tracees, tid))
			continue;
		ARRAY_RESERVE(tracees->items, tracees->count, tracees->capacity);
		tracees->items[tracees->count++] = (struct tracee){.tid = tid};
		++*added;
	}
	closedir(tasks);
	return true;
}

bool tracees_look(struct tracees *tracees, struct error *error)
{
	size_t added;

	return threads_add(tracees, &added, error);
}

static bool all_ask(struct tracees *tracees, struct error *error)
{
	for (int first = 0; first <= 1; first++)
		for (size_t i = 0; i < tracees->count; i++)
			if ((tracees->items[i].tid == tracees->pid) == first &&
			    !ask(tracees, &tracees->items[i], error))
				return false;
	return true;
}

/* A thread that has not stopped, for the message. */
static pid_t straggler(const struct tracees *tracees)
{
	for (size_t i = 0; i < tracees->count; i++)
		if (tracees->items[i].state == TRACEE_ASKED)
			return tracees->items[i].tid;
	return tracees->pid;
}

bool tracees_stop(struct tracees *tracees, double within_ms, struct error *error)
{
	double until_ms = tracing_now_ms() + within_ms;
	size_t added = 1;

	tracees->stops++;
	hurry(tracees);
	for (int looks = 0; added && looks < LOOKS_MAX; looks++) {
		if (!threads_add(tracees, &added, error) || !all_ask(tracees, error)) {
			tracees_resume(tracees);
			return false;
		}
		if (!await_stop(tracees, NULL, until_ms)) {
			error_set(error, "%d did not stop within %.0f ms: thread %d did not", (int)tracees->pid,
				  within_ms, (int)straggler(tracees));
			tracees->retries++;
			tracees_resume(tracees);
			return false;
		}
	}
	return true;
}

/* Lets all stopped threads but one run. True: there were any. */
static bool others_let_run(struct tracees *tracees, const struct tracee *kept)
{
	bool any = false;

	for (int calls_again = 0; calls_again <= 1; calls_again++) {
		for (size_t i = 0; i < tracees->count; i++) {
			struct tracee *tracee = &tracees->items[i];
			if (tracee == kept || tracee->state != TRACEE_STOPPED || tracee->calls_again != calls_again)
				continue;
			tracee_let_run(tracee);
			any = true;
		}
	}
	return any;
}

void tracees_resume(struct tracees *tracees)
{
	others_let_run(tracees, NULL);
	for (size_t i = 0; i < tracees->count; i++)
		tracees->items[i].unwanted = tracees->items[i].state == TRACEE_ASKED;
	pause_count(tracees);
	hurry_no_more(tracees);
}

void tracees_resume_others(struct tracees *tracees, const struct tracee *kept)
{
	if (others_let_run(tracees, kept))
		pause_count(tracees);
}

/* Only a thread that stands still can be let go. */
void tracees_end(struct tracees *tracees)
{
	double until_ms = tracing_now_ms() + END_WITHIN_MS;

	tracees_resume(tracees);
	for (bool left = true; left && tracing_now_ms() < until_ms;) {
		left = false;
		tracees_serve(tracees);
		for (size_t i = 0; i < tracees->count; i++)
			left |= tracees->items[i].state == TRACEE_ASKED;
		if (left)
			tracing_nap(1);
	}
	free(tracees->items);
	*tracees = (struct tracees){.pid = tracees->pid,
				    .longest_ms = tracees->longest_ms,
				    .stops = tracees->stops,
				    .retries = tracees->retries};
}
