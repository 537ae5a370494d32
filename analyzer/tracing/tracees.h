/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The threads of another process, stopped for a moment by ptrace. While they
 * are stopped they see nothing of it: a system call that was interrupted goes
 * on, by the kernel's own means or, where it has returned EINTR already
 * although no signal was sent, by its being made again.
 *
 * One thread of ours does all of it, as the kernel demands. Should we end at
 * any moment, the kernel lets all of them go.
 */
#ifndef SEEP_TRACING_TRACEES_H
#define SEEP_TRACING_TRACEES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/user.h>

#include "base/error.h"

enum tracee_state {
	TRACEE_RUNS,
	TRACEE_ASKED,   /* to stop */
	TRACEE_STOPPED, /* by us */
	TRACEE_GONE,
};

struct tracee {
	pid_t tid;
	enum tracee_state state;
	bool unwanted;      /* it was asked in vain, and goes on as soon as it stops */
	bool group_stopped; /* with its process, by SIGSTOP or another: it stays so when we let go */
};

struct tracees {
	pid_t pid;
	struct tracee *items;
	size_t count, capacity;
	double longest_ms;       /* that a thread stood still for us, of those that were let go again */
	unsigned stops, retries; /* of the whole process */
	bool hurries;            /* we go before others, as something stands still */
	double stopped_at_ms;    /* when the first of the present stop stood still */
};

/* Nothing is stopped yet. */
void tracees_begin(struct tracees *tracees, pid_t pid);

/* Stops one thread; false: it has not stopped within that time, or can't be traced (the error says why). */
bool tracee_stop(struct tracees *tracees, struct tracee *tracee, double within_ms, struct error *error);
/* Lets it run. */
void tracee_resume(struct tracees *tracees, struct tracee *tracee);

/* Takes the list of the process's threads anew; those that are new are traced and run on. */
bool tracees_look(struct tracees *tracees, struct error *error);

/* Stops all of them, also those that begin meanwhile. False: not within that time; those that had stopped run again. */
bool tracees_stop(struct tracees *tracees, double within_ms, struct error *error);
void tracees_resume(struct tracees *tracees);

/* Ends it: all threads run, and nobody traces them. */
void tracees_end(struct tracees *tracees);

/* Handles what a traced thread has to say that is no answer to us: signals on their way to it, its end. Call it often while
 * threads are traced and run. */
void tracees_serve(struct tracees *tracees);

/* Milliseconds of a clock that nobody sets. */
double tracing_now_ms(void);

/* Waits until any traced thread has something to say, or so long. */
void tracing_nap(double ms);

#endif
