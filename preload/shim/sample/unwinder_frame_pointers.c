/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The chain of saved frame pointers. It is exact only where every function
 * keeps one. A function without is left out together with its caller's frame;
 * rbp in other use ends the chain, which then counts as lost.
 */
#include "shim/sample/unwinder.h"

#include "shim/sample/stack_window.h"

#define CODE_LOWEST UINT64_C(4096)
#define CODE_LIMIT (UINT64_C(1) << 47)

static bool frame_pointers_prepare(void)
{
	stack_window_prepare();
	return true;
}

static struct unwinding frame_pointers_capture(const void *hook_frame, uintptr_t *frames, size_t limit)
{
	struct stack_window window = stack_window_open(hook_frame);
	uintptr_t frame = (uintptr_t)hook_frame;
	struct unwinding unwinding = {.depth = 0, .end = UNWINDING_LIMIT};
	while (unwinding.depth < limit) {
		uintptr_t return_address, next;
		unwinding.end = UNWINDING_LOST;
		if (frame % sizeof frame || !stack_window_read(&window, frame, &next) ||
		    !stack_window_read(&window, frame + sizeof frame, &return_address))
			break;
		if (return_address < CODE_LOWEST || return_address >= CODE_LIMIT)
			break;
		frames[unwinding.depth++] = return_address;
		if (next == 0)
			unwinding.end = UNWINDING_COMPLETE;
		if (next <= frame)
			break;
		frame = next;
		unwinding.end = UNWINDING_LIMIT;
	}
	return unwinding;
}

const struct unwinder unwinder_frame_pointers = {
    .name = "frame-pointers",
    .nests = true,
    .prepare = frame_pointers_prepare,
    .capture = frame_pointers_capture,
};
