/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The threads of another process, stopped for a moment by ptrace. While they
 * are stopped they see nothing of it: a system call that was interrupted goes
 * on, by the kernel's own means or, where it has returned EINTR already
 * although no signal was sent, by its being made again.
 *
 * A thread is traced only from being asked to stop until it is let go: the
 * kernel wakes the threads of a traced process also for signals that it
 * ignores, and a call that was interrupted for one that another thread took
 * returns EINTR with nobody to see it.
 *
 * One thread of ours does all of it, as the kernel demands. Should we end at
 * any moment, the kernel lets all of them go.
 */
#ifndef SEEP_TRACING_TRACEES_H
#define SEEP_TRACING_TRACEES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

enum tracee_state {
	TRACEE_FREE,    /* nobody traces it */
	TRACEE_ASKED,   /* to stop */
	TRACEE_STOPPED, /* by us */
	TRACEE_GONE,
};

struct tracee {
	pid_t tid;
	enum tracee_state state;
	bool unwanted; /* it was asked in vain, and goes on as soon as it stops */
};

struct tracees {
	pid_t pid;
	struct tracee *items;
	size_t count, capacity;
	double longest_ms;       /* that the whole process stood still */
	unsigned stops, retries; /* of the whole process */
	bool hurries;            /* we go before others, as something stands still */
	double stopped_at_ms;    /* when the first of the present stop stood still */
};

/* Nothing is stopped yet. */
void tracees_begin(struct tracees *tracees, pid_t pid);

/* A thread that this thread of ours traces already, and that stands still. */
struct tracee *tracees_take(struct tracees *tracees, pid_t tid);

/* Stops one thread; false: it has not stopped within that time, or can't be traced (the error says why). */
bool tracee_stop(struct tracees *tracees, struct tracee *tracee, double within_ms, struct error *error);
/* Until it is let go, no filter sees the calls of a stopped one. False: that is not allowed to us. */
bool tracee_suspend_filters(const struct tracee *tracee);
/* A traced one that runs goes on as soon as it can be let go. */
void tracee_let_go(struct tracee *tracee);
/* Lets a stopped one run. */
void tracee_resume(struct tracees *tracees, struct tracee *tracee);

/* Takes the list of the process's threads anew; nothing is done to them. */
bool tracees_look(struct tracees *tracees, struct error *error);

/* Stops all of them, also those that begin meanwhile. False: not within that time; those that had stopped run again. */
bool tracees_stop(struct tracees *tracees, double within_ms, struct error *error);
void tracees_resume(struct tracees *tracees);

/* Ends it: all threads run, and nobody traces them. */
void tracees_end(struct tracees *tracees);

/* Handles what threads that were asked to stop have to say: signals on their way to them, their end. Call it often. */
void tracees_serve(struct tracees *tracees);

/* Milliseconds of a clock that nobody sets. */
double tracing_now_ms(void);

/* Waits until any traced thread has something to say, or so long. */
void tracing_nap(double ms);

#endif
