/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Another process's threads, stopped for a moment by ptrace. They do not notice it: an interrupted system call goes on,
 * by the kernel's own means or, if it has already returned EINTR although no signal was sent, by being made again.
 *
 * A thread is traced only from the moment it is asked to stop until it is let go. The kernel wakes the threads of a
 * traced process even for signals that it ignores, and a call interrupted by a signal that another thread took would
 * return EINTR with nobody to see it. Such a signal is SIGCHLD, and it is the parent, often the first thread, for which
 * the kernel looks whether it is traced. So the first thread is asked last, and threads in calls that return EINTR are let
 * go last. A moment is left if others are parents, too.
 *
 * One thread of ours does all of this, as the kernel demands. If we end at any moment, the kernel lets all of them go.
 */
#ifndef SEEP_TRACING_TRACEES_H
#define SEEP_TRACING_TRACEES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

enum tracee_state {
	TRACEE_FREE,    /* nobody traces it */
	TRACEE_ASKED,   /* asked to stop */
	TRACEE_STOPPED, /* stopped by us */
	TRACEE_GONE,
};

struct tracee {
	pid_t tid;
	enum tracee_state state;
	bool unwanted;    /* it was asked in vain, and will be let go as soon as it stops */
	bool calls_again; /* the stop interrupted a call that the kernel does not make again */
};

struct tracees {
	pid_t pid;
	struct tracee *items;
	size_t count, capacity;
	double longest_ms;       /* the longest time that the whole process stood still */
	unsigned stops, retries; /* of the whole process */
	bool hurries;            /* we have priority, because something stands still */
	double stopped_at_ms;    /* when the first thread of the present stop stood still */
};

/* Nothing is stopped yet. */
void tracees_begin(struct tracees *tracees, pid_t pid);

/* Takes a thread that our thread already traces, and that stands still. */
struct tracee *tracees_take(struct tracees *tracees, pid_t tid);

/* Stops one thread; false: it has not stopped within that time, or can't be traced (the error says why). */
bool tracee_stop(struct tracees *tracees, struct tracee *tracee, double within_ms, struct error *error);
/* No filter sees the calls of a stopped thread until it is let go. False: we are not allowed to do that. */
bool tracee_suspend_filters(const struct tracee *tracee);
/* Lets a traced thread go as soon as that is possible. */
void tracee_let_go(struct tracee *tracee);
/* Lets a stopped thread run. */
void tracee_resume(struct tracees *tracees, struct tracee *tracee);

/* Reads the list of the process's threads anew; nothing is done to them. */
bool tracees_look(struct tracees *tracees, struct error *error);

/* Stops all threads, including those that begin meanwhile. False: not all stopped within that time, and those that had
 * stopped run again. */
bool tracees_stop(struct tracees *tracees, double within_ms, struct error *error);
void tracees_resume(struct tracees *tracees);
/* All but one. If it is the only one, the process still stands still. */
void tracees_resume_others(struct tracees *tracees, const struct tracee *kept);

/* Ends it: all threads run, and nobody traces them. */
void tracees_end(struct tracees *tracees);

/* Handles news of threads that were asked to stop: signals on their way to them, their end. Call it often. */
void tracees_serve(struct tracees *tracees);

/* Milliseconds of a clock that nobody sets. */
double tracing_now_ms(void);

/* Waits until there is news of a traced thread, or that long. */
void tracing_nap(double ms);

#endif
