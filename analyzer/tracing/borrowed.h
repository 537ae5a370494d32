/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thread of the process that works for us for a moment: system calls, then
 * calls of functions, on a stack of ours. At the end it has every register,
 * vector state, signal mask and interrupted system call that it had.
 *
 * Should we end meanwhile, it finishes the call and goes back by itself: behind
 * each call waits rt_sigreturn() on a frame like those that signal handlers
 * return by, made before its registers were touched.
 */
#ifndef SEEP_TRACING_BORROWED_H
#define SEEP_TRACING_BORROWED_H

#include <stdint.h>

#include "tracing/frame.h"
#include "tracing/loaded.h"
#include "tracing/tracees.h"

#define BORROWED_ARGUMENTS 6

struct borrowed {
	const struct remote *remote;
	struct tracees *tracees;
	struct tracee *tracee;
	struct frame_state was; /* that it goes back with */
	uint64_t call;          /* in its C library: a system call with a return behind it */
	uint64_t rescue;        /* its stack pointer when we are gone: a frame below its own stack */
	uint64_t place; /* the caller's, before it begins: where such a frame goes instead, below this; 0: there */
	uint64_t area;  /* memory of ours in it; 0: none */
	pid_t copy;     /* the process that its last call made, which we trace and which stands still; 0: none */
	bool lost;      /* it has ended, or could not be waited for */
};

/* Finds what a borrowed thread will need, before any is stopped. */
bool borrowed_prepare(struct borrowed *borrowed, const struct remote *remote, const struct loaded *loaded,
		      struct tracees *tracees, struct error *error);

/* Takes over a stopped thread. False: it is as it was. */
bool borrowed_begin(struct borrowed *borrowed, struct tracee *tracee, struct error *error);

/* A system call; the kernel's result. */
bool borrowed_system(struct borrowed *borrowed, long number, const uint64_t arguments[BORROWED_ARGUMENTS],
		     int64_t *result, struct error *error);

/* Makes the area, if there is none yet. */
bool borrowed_area(struct borrowed *borrowed, struct error *error);

/* A function of the process, on our stack, once there is an area; `within_ms` at most. False: it has not returned; the thread is left to finish
 * it by itself, and nothing else can be asked of it. */
bool borrowed_function(struct borrowed *borrowed, uint64_t function, const uint64_t arguments[3], double within_ms,
		       uint64_t *result, struct error *error);

/* Memory in our area that the call may use, for texts. Its address in the process. */
uint64_t borrowed_scratch(const struct borrowed *borrowed, size_t offset);

/* Gives the thread back, stopped as it was. */
void borrowed_end(struct borrowed *borrowed);

#endif
