/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hooks for allocators that are a part of the program: <seep/linked.h>. Each
 * stands behind a jump over the function's first instructions, and calls the
 * function by a copy of those that seep has made. So all calls come here, also
 * the allocator's own, such as calloc's of malloc.
 *
 * Seep has read the function's code. A function that calls no other of them has
 * an inner hook, which is like all other hooks (hook.h). A function that does
 * has an outer hook: it counts after the real call, and takes back what was
 * counted down within that call. Nothing is counted in a slow half while an
 * outer hook of this thread is at work: thread_state.inside has its frame.
 */
#include <seep/linked.h>

#include "shim/hooks/forms.h"
#include "shim/hooks/lifecycle.h"
#include "shim/record/countdown.h"
#include "shim/recording/setup.h"

#define ENTRY_POINTS(X)                                                                                                \
	SEEP_ENTRY_POINTS(X)                                                                                           \
	SEEP_ENTRY_POINTS_OF_RUST(X)

static struct {
	ENTRY_POINTS(REAL_ENTRY_POINT)
	REAL_OTHERS(REAL_POINTER)
	void *(*malloc_end)(size_t size);
} linked;

/* The state that an outer hook keeps while the real call runs. */
struct outer {
	uint64_t countdown;
	bool counts;
};
static inline struct outer outer_enter(const void *frame)
{
	return (struct outer){thread_state.countdown, nested_enter(frame, 0)};
}
static inline void outer_leave(const struct outer *outer, void *address, size_t size, const void *frame,
			       const struct recorder_hold *resized)
{
	if (!outer->counts)
		return;
	thread_state.countdown = outer->countdown;
	nested_leave(thread_state.counted, address, size, frame, resized);
}

#define INNER(name, parameters, arguments, size, count, end)                                                           \
	static SLOW void *slow_##name parameters                                                                       \
	{                                                                                                              \
		if (is_nested(HOOK_FRAME()))                                                                           \
			return linked.name arguments;                                                                  \
		countdown_undo(size);                                                                                  \
		void *address = linked.name arguments;                                                                 \
		COUNT(address, (size));                                                                                \
		return address;                                                                                        \
	}                                                                                                              \
	static HOT void *inner_##name parameters                                                                       \
	{                                                                                                              \
		if (unlikely(count(size)))                                                                             \
			return slow_##name arguments;                                                                  \
		return linked.end arguments;                                                                           \
	}
#define OUTER(returns, name, parameters, arguments, size, address)                                                     \
	static returns outer_##name parameters                                                                         \
	{                                                                                                              \
		struct outer outer = outer_enter(HOOK_FRAME());                                                        \
		returns answer = linked.name arguments;                                                                \
		outer_leave(&outer, (address), (size), HOOK_FRAME(), NULL);                                            \
		return answer;                                                                                         \
	}

/* Where an exception may leave the function, an outer hook would stay: then the functions inside count. */
#define LINKED_ALLOCATE_NESTED(name, parameters, arguments, size, alignment, traits)                                   \
	INNER(name, parameters, arguments, size, thread_count, name)                                                   \
	__attribute__((unused)) OUTER(void *, name, parameters, arguments, size, answer)
#define LINKED_ALLOCATE_FAST LINKED_ALLOCATE_NESTED
#define LINKED_ALLOCATE_CXX(name, parameters, arguments, size, alignment, traits)                                      \
	INNER(name, parameters, arguments, size, thread_count, name)
#define LINKED_ALLOCATE_BY_HAND(name, parameters, arguments, size, alignment, traits) /* malloc */                     \
	INNER(name, parameters, arguments, size, thread_count_tersely, malloc_end)                                     \
	OUTER(void *, name, parameters, arguments, size, answer)

#define LINKED_RESIZE_NESTED(name, parameters, arguments, size, alignment, traits)                                     \
	static void *outer_##name parameters                                                                           \
	{                                                                                                              \
		struct resize resize;                                                                                  \
		struct outer outer = outer_enter(HOOK_FRAME());                                                        \
		resize_begin(&resize, old);                                                                            \
		void *address = linked.name arguments;                                                                 \
		outer_leave(&outer, address, (size), HOOK_FRAME(), resize_hold(&resize));                              \
		resize_end(&resize, address, (size), (traits));                                                        \
		return address;                                                                                        \
	}
#define LINKED_RESIZE_FAST LINKED_RESIZE_NESTED
#define LINKED_RESIZE_BY_HAND LINKED_RESIZE_NESTED

#define LINKED_RELEASE_FAST(name, parameters, arguments, ...)                                                          \
	static SLOW void slow_##name parameters                                                                        \
	{                                                                                                              \
		recorder_forget(address);                                                                              \
		linked.name arguments;                                                                                 \
	}                                                                                                              \
	static HOT void inner_##name parameters                                                                        \
	{                                                                                                              \
		if (unlikely(filter_test(address)))                                                                    \
			slow_##name arguments;                                                                         \
		else                                                                                                   \
			linked.name arguments;                                                                         \
	}
#define LINKED_RELEASE_CXX LINKED_RELEASE_FAST

#define LINKED_POSIX_NESTED(name, parameters, arguments, size, ...)                                                    \
	OUTER(int, name, parameters, arguments, size, answer ? NULL : *result)
#define LINKED_TEXT_NESTED(name, parameters, arguments, ...)                                                           \
	OUTER(char *, name, parameters, arguments, answer ? strlen(answer) + 1 : 0, answer)
#define LINKED_MEASURE_FAST(...)
#define LINKED_MEASURE_BY_HAND(...)
#define LINKED_DESTROY_BY_HAND(...)

#define LINKED_FORM(form, ...) LINKED_##form(__VA_ARGS__)
#define LINKED(name, kind, hook, takes, traits) LINKED_FORM(kind##_##hook, name, SEEP_TAKES_##takes, traits)
ENTRY_POINTS(LINKED)

DEFINE_XALLOCX(static, inner_xallocx, linked)
DEFINE_MI_HEAP_DESTROY(static, inner_mi_heap_destroy, linked)

#define ADDRESS(function) ((const void *)(uintptr_t)(function))
#define ROW(name, outer, inner) {#name, outer, inner, &linked.name, NULL},
#define ROW_ALLOCATE_NESTED(name, traits)                                                                              \
	ROW(name, (traits)&SEEP_THROWS ? NULL : ADDRESS(outer_##name), ADDRESS(inner_##name))
#define ROW_ALLOCATE_FAST(name, traits) ROW(name, ADDRESS(outer_##name), ADDRESS(inner_##name))
#define ROW_ALLOCATE_CXX(name, traits) ROW(name, NULL, ADDRESS(inner_##name))
#define ROW_ALLOCATE_BY_HAND(name, traits)                                                                             \
	{#name, ADDRESS(outer_##name), ADDRESS(inner_##name), &linked.name, &linked.name##_end},
#define ROW_OUTER(name, traits) ROW(name, ADDRESS(outer_##name), ADDRESS(outer_##name))
#define ROW_INNER(name, traits) ROW(name, ADDRESS(inner_##name), ADDRESS(inner_##name))
#define ROW_RESIZE_FAST ROW_OUTER
#define ROW_RESIZE_NESTED ROW_OUTER
#define ROW_RESIZE_BY_HAND ROW_OUTER
#define ROW_RELEASE_FAST ROW_INNER
#define ROW_RELEASE_CXX ROW_ALLOCATE_CXX
#define ROW_POSIX_NESTED ROW_OUTER
#define ROW_TEXT_NESTED ROW_OUTER
#define ROW_MEASURE_BY_HAND ROW_INNER
#define ROW_MEASURE_FAST(name, traits) ROW(name, NULL, NULL)
#define ROW_DESTROY_BY_HAND ROW_INNER
#define ROW_OF(name, kind, hook, takes, traits) ROW_##kind##_##hook(name, traits)
#define ROW_OF_OTHER(returns, name, parameters) ROW(name, NULL, NULL)

__attribute__((visibility("default"))) struct seep_linked seep_linked = {
    .version = SEEP_LINKED_VERSION,
    .bypassed = (const void **)&recording_setup.bypassed,
    .status = &recording_setup.status,
    .hooks = {ENTRY_POINTS(ROW_OF) REAL_OTHERS(ROW_OF_OTHER)},
};

void linked_set_rate(bool everything)
{
	linked.malloc_end = everything ? slow_malloc : NULL;
}
