/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thread of the process that works for us for a moment: it makes system calls, then calls functions, on a stack of
 * ours. At the end it gets back every register, vector state, signal mask and interrupted system call that it had.
 *
 * If we end meanwhile, the thread finishes the call and returns by itself: behind each call waits rt_sigreturn(), on a
 * frame like those of signal handlers, which was made before its registers were touched.
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
	struct frame_state was; /* its state, which it gets back */
	uint64_t call;          /* in its C library: a system call instruction followed by a return */
	uint64_t rescue;        /* its stack pointer if we end: a frame below its own stack */
	uint64_t place;         /* set by the caller before it begins: put such a frame below this instead; 0: don't */
	uint64_t area;          /* memory of ours in it; 0: none */
	pid_t copy; /* the process that its last call made, which we trace and which stands still; 0: none */
	bool lost;  /* the thread has ended, or could not be waited for */
};

/* Finds what a borrowed thread will need, before any thread is stopped. */
bool borrowed_prepare(struct borrowed *borrowed, const struct remote *remote, const struct loaded *loaded,
		      struct tracees *tracees, struct error *error);

/* Takes over a stopped thread. False: it is unchanged. */
bool borrowed_begin(struct borrowed *borrowed, struct tracee *tracee, struct error *error);

/* Makes a system call; returns the kernel's result. */
bool borrowed_system(struct borrowed *borrowed, long number, const uint64_t arguments[BORROWED_ARGUMENTS],
		     int64_t *result, struct error *error);

/* Makes the area, if there is none yet. */
bool borrowed_area(struct borrowed *borrowed, struct error *error);

/* Calls a function of the process on our stack; the area must exist. It may take `within_ms`. False: the function has
 * not returned; the thread finishes it by itself, and can't be asked for anything else. */
bool borrowed_function(struct borrowed *borrowed, uint64_t function, const uint64_t arguments[3], double within_ms,
		       uint64_t *result, struct error *error);

/* Reserves memory in our area for the call's texts. Returns its address in the process. */
uint64_t borrowed_scratch(const struct borrowed *borrowed, size_t offset);

/* Gives the thread back, stopped and unchanged. */
void borrowed_end(struct borrowed *borrowed);

#endif
