/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The seam between the recorder and the backends that read stacks. docs/UNWINDING.md has the backends' guarantees and
 * figures.
 *
 *	walker          .eh_frame, read lazily: the default on x86-64, glibc 2.35 and later
 *	libunwind       loaded with dlopen, where the walker cannot serve
 *	frame-pointers  the chain of saved rbp: for programs built with them throughout
 *
 * The shim's own frames are never captured. A capture starts at the frame of
 * the hook, which the compiler's __builtin_frame_address(0) gives in the shim's
 * outermost function (or in one that it tail-calls). That word holds the
 * program's rbp and the next one the return address into the program, so the
 * start costs two reads. The frame must still be there: its function must not
 * end in a tail call of what captures.
 */
#ifndef SEEP_SAMPLE_UNWINDER_H
#define SEEP_SAMPLE_UNWINDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Most frames that a capture is asked for: an array of 1 KiB on the caller's stack. */
#define UNWINDER_FRAMES 128

/* Set in a frame that is an instruction's own address (interrupted by a signal), not the one after a call. */
#define UNWINDER_EXACT (UINTPTR_MAX / 2 + 1)

/* Set in a frame that was guessed and is in no module: a module that is loaded there later may go while it is read. */
#define UNWINDER_NOWHERE (UNWINDER_EXACT / 2)

enum unwinding_end {
	UNWINDING_COMPLETE, /* the outermost frame was reached */
	UNWINDING_LIMIT,    /* there are more frames than were asked for */
	UNWINDING_LOST,     /* the callers of the last frame cannot be found */
};

struct unwinding {
	size_t depth; /* frames written */
	enum unwinding_end end;
};

struct unwinder {
	const char *name;
	bool nests; /* a signal handler that interrupts a capture may begin another */

	/* Binds and warms what captures need. Call it once, in the constructor or in a test's setup; it may
	 * allocate, lock and call the system. False: this backend cannot serve in this process. */
	bool (*prepare)(void);

	/* Writes the return addresses above hook_frame, leaf first; limit is 1 to UNWINDER_FRAMES. Any thread, also
	 * in signal handlers, on alternate stacks, in fibers and vfork children; leaves errno alone. The walker and
	 * the frame pointers take no lock, allocate nothing, use less than 1 KiB of stack, and call the system only
	 * to look at pages of stacks that are not the thread's own (memory_probe.h). libunwind promises none of this
	 * on a cold cache. */
	struct unwinding (*capture)(const void *hook_frame, uintptr_t *frames, size_t limit);
};

/* The backend of that name, prepared; NULL if there is none or it cannot serve here. Without a name: the first of
 * walker, libunwind and frame-pointers that can. Constructor only. */
const struct unwinder *unwinder_select(const char *name);

extern const struct unwinder unwinder_walker;
extern const struct unwinder unwinder_libunwind;
extern const struct unwinder unwinder_frame_pointers;

#endif
