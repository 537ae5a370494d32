/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The truth about a stack: see shadow_stack.h.
 */
#include "support/shadow_stack.h"

_Thread_local struct shadow_stack shadow;

__attribute__((noinline)) void shadow_capture(struct captured *captured)
{
	captured->expected_depth = 0;
	captured->expected[captured->expected_depth++] = (uintptr_t)__builtin_return_address(0);
	for (size_t i = shadow.depth; i-- > 0;)
		captured->expected[captured->expected_depth++] = shadow.callers[i];
	captured->unwinding =
	    captured->unwinder->capture(__builtin_frame_address(0), captured->frames, captured->limit);
}

size_t shadow_agreement(const struct captured *captured)
{
	size_t same = 0;
	while (same < captured->unwinding.depth && same < captured->expected_depth &&
	       captured->frames[same] == captured->expected[same])
		same++;
	return same;
}
