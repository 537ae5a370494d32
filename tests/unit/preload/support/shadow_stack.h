/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The truth about a stack, kept by the functions on it: each notes its own
 * return address. A capture must give just these, leaf first.
 */
#ifndef SEEP_TESTS_SHADOW_STACK_H
#define SEEP_TESTS_SHADOW_STACK_H

#include <stddef.h>
#include <stdint.h>

#include "shim/sample/unwinder.h"

/* A sanitizer's runtime does not know about stacks that are switched behind its back, needs more stack, and puts frames
 * of its own between. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

#define SHADOW_DEPTH 4096

struct shadow_stack {
	uintptr_t callers[SHADOW_DEPTH];
	size_t depth;
};

extern _Thread_local struct shadow_stack shadow;

/* First and last statement of a function on the stack. The barrier keeps a call before it from becoming a jump. */
#define SHADOW_ENTER() (shadow.callers[shadow.depth++] = (uintptr_t)__builtin_return_address(0))
#define SHADOW_LEAVE()                                                                                                 \
	do {                                                                                                           \
		shadow.depth--;                                                                                        \
		__asm__ volatile("" : : : "memory");                                                                   \
	} while (0)

struct captured {
	const struct unwinder *unwinder;
	size_t limit;
	uintptr_t frames[UNWINDER_FRAMES];
	struct unwinding unwinding;
	size_t expected_depth; /* of the shadow stack, the hook's own caller included */
	uintptr_t expected[SHADOW_DEPTH];
};

/* Like a hook of the shim: captures from its caller on and notes what the result should be. */
void shadow_capture(struct captured *captured);

/* The number of correct frames at the leaf. */
size_t shadow_agreement(const struct captured *captured);

#endif
