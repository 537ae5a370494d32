/* SPDX-License-Identifier: Apache-2.0 */
/* The frame through which a borrowed thread returns if we end: like those of signal handlers. */
#ifndef SEEP_TRACING_FRAME_H
#define SEEP_TRACING_FRAME_H

#include <stddef.h>
#include <stdint.h>
#include <sys/user.h>

#include "tracing/remote.h"

/* The state of a stopped thread. */
struct frame_state {
	struct user_regs_struct registers;
	uint64_t signals;       /* its signal mask */
	unsigned char *vectors; /* XSAVE area, in ptrace's form */
	size_t vector_bytes;
	uint64_t restore; /* where its C library calls rt_sigreturn() */
};

enum { FRAME_RED_ZONE = 128 }; /* the bytes below its stack pointer that a thread may use at any time */

/* The most that a frame takes below a thread's stack pointer on this machine. */
size_t frame_room(void);

/* Writes vector state and frame below `top`, so that rt_sigreturn() restores the thread. Returns the stack pointer for
 * a return that leads there; 0: there is not enough room. */
uint64_t frame_write(const struct remote *remote, const struct frame_state *state, uint64_t top);

#endif
