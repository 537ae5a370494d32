/* SPDX-License-Identifier: Apache-2.0 */
/* The frame by which a borrowed thread goes back should we end: like those that signal handlers return by. */
#ifndef SEEP_TRACING_FRAME_H
#define SEEP_TRACING_FRAME_H

#include <stddef.h>
#include <stdint.h>
#include <sys/user.h>

#include "tracing/remote.h"

/* Of a stopped thread. */
struct frame_state {
	struct user_regs_struct registers;
	uint64_t signals;       /* its mask */
	unsigned char *vectors; /* XSAVE area, as ptrace gives it */
	size_t vector_bytes;
	uint64_t restore; /* where in its C library rt_sigreturn() is called */
};

enum { FRAME_RED_ZONE = 128 }; /* below its stack pointer, which a thread may use without a word */

/* As much as it takes below a thread's stack pointer on this machine, at most. */
size_t frame_room(void);

/* Writes vector state and frame below `top`, so that rt_sigreturn() takes the thread back. Returns where the stack pointer must be for
 * a return that leads there; 0: there is no such room. */
uint64_t frame_write(const struct remote *remote, const struct frame_state *state, uint64_t top);

#endif
