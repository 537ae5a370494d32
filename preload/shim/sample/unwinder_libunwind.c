/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libunwind's unw_backtrace, for machines where the walker cannot serve.
 *
 * It is loaded with dlopen: if it were linked, Debian's libunwind.so would take
 * over the program's _Unwind_* and backtrace. Its first call opens a pipe,
 * non-blocking and close-on-exec, on the two lowest free descriptors, which may
 * be 0 to 2. So that call is made in prepare(), while all descriptors below
 * PIPE_LOWEST are taken. When an address is new, it fills a per-thread cache
 * under the loader's lock, uses several KiB of stack, and does not check
 * whether so much is left. So it is called only on a thread's own stack with
 * ROOM bytes to go. Alternate stacks and fibers get the chain of frame pointers
 * instead.
 */
#include "shim/sample/unwinder.h"

#include <dlfcn.h>
#include <errno.h>

#include "keeper/base/syscall.h"
#include "shim/sample/stack_window.h"

#define LIBUNWIND "libunwind.so.8"
#define PIPE_LOWEST 256
#define ROOM 16384

static int (*backtrace_function)(void **frames, int limit);

/* Takes every free descriptor below PIPE_LOWEST and marks it; stops early at the limit of open files. */
static void descriptors_take(unsigned char taken[PIPE_LOWEST])
{
	int last = 0;
	while (last >= 0 && last < PIPE_LOWEST) {
		last = (int)system_call(SYS_eventfd2, 0, O_CLOEXEC, 0, 0, 0, 0);
		if (last >= PIPE_LOWEST)
			system_close(last);
		else if (last >= 0)
			taken[last] = 1;
	}
	/* no further descriptor is to be had: leave the two highest to the pipe */
	for (int descriptor = PIPE_LOWEST - 1, leave = last < 0 ? 2 : 0; leave > 0 && descriptor >= 0; descriptor--) {
		if (!taken[descriptor])
			continue;
		system_close(descriptor);
		taken[descriptor] = 0;
		leave--;
	}
}

static void descriptors_give_back(const unsigned char taken[PIPE_LOWEST])
{
	for (int descriptor = 0; descriptor < PIPE_LOWEST; descriptor++)
		if (taken[descriptor])
			system_close(descriptor);
}

static bool libunwind_prepare(void)
{
	if (backtrace_function)
		return true;
	void *library = dlopen(LIBUNWIND, RTLD_NOW | RTLD_LOCAL);
	if (!library)
		return false;
	*(void **)&backtrace_function = dlsym(library, "unw_backtrace");
	if (!backtrace_function)
		return false;
	stack_window_prepare();
	unsigned char taken[PIPE_LOWEST] = {0};
	void *frames[8];
	descriptors_take(taken);
	int depth = backtrace_function(frames, 8);
	descriptors_give_back(taken);
	return depth > 0;
}

static struct unwinding libunwind_capture(const void *hook_frame, uintptr_t *frames, size_t limit)
{
	if (!stack_window_room(hook_frame, ROOM))
		return unwinder_frame_pointers.capture(hook_frame, frames, limit);
	uintptr_t first = ((const stack_word *)hook_frame)[1];
	uintptr_t all[UNWINDER_FRAMES + 8];
	int saved_errno = errno;
	int found = backtrace_function((void **)all, UNWINDER_FRAMES + 8);
	errno = saved_errno;
	int skip = 0; /* the shim's own frames, this one first */
	while (skip < found && all[skip] != first)
		skip++;
	struct unwinding unwinding = {.depth = 0, .end = UNWINDING_COMPLETE};
	if (skip == found) { /* it lost its way inside the shim */
		frames[unwinding.depth++] = first;
		unwinding.end = UNWINDING_LOST;
		return unwinding;
	}
	for (int i = skip; i < found && unwinding.depth < limit; i++)
		frames[unwinding.depth++] = all[i];
	if ((size_t)(found - skip) > unwinding.depth || found == UNWINDER_FRAMES + 8)
		unwinding.end = UNWINDING_LIMIT;
	return unwinding;
}

const struct unwinder unwinder_libunwind = {
    .name = "libunwind",
    .prepare = libunwind_prepare,
    .capture = libunwind_capture,
};
