/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hooks of an allocator's own API (tc_*, mi_*): a program may mix it with
 * malloc and free, so every way to give memory back must be seen, and every
 * way to get it is counted once.
 *
 * These libraries call their own exported functions, which then are ours, in
 * ways that differ from build to build (mi_memalign jumps to mi_malloc_aligned,
 * and so does memalign; pvalloc calls tc_memalign, with a size that is rounded
 * up). So these hooks, and those of memalign and its like, count after the real
 * call, and the outermost one counts: thread_state.inside has its frame while
 * the real call runs. A signal handler that jumps out of one leaves the frame
 * there: it is taken for gone once the stack is above it, or the next hook ends.
 * The forms of operator new may throw, so they leave no frame; they count where
 * no other has counted meanwhile (thread_state.counted).
 *
 * The names are exported always, as jemalloc's are (see jemalloc.c). Where the
 * allocator is not there, they do what its manual says on top of the C
 * functions.
 */
#ifndef SEEP_HOOKS_ALLOCATOR_API_H
#define SEEP_HOOKS_ALLOCATOR_API_H

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include "keeper/base/atomics.h"
#include "keeper/base/entry.h"
#include "shim/hooks/hook.h"

/* count * size; what overflows is more than any allocator has. */
static inline size_t own_total(size_t count, size_t size)
{
	size_t total;
	return __builtin_mul_overflow(count, size, &total) ? SIZE_MAX : total;
}

/* Before a real call. False: another hook is at work, which counts. */
static inline bool own_enter(const void *frame, bool throws)
{
	if (thread_state.inside && (uintptr_t)frame < thread_state.inside)
		return false;
	thread_state.inside = throws ? 0 : (uintptr_t)frame;
	return true;
}

/* After it, where own_enter() said true; `counted` is from before. Takes the sample of what it gave. */
static inline void own_leave(uint32_t counted, void *address, size_t size, const void *frame)
{
	thread_state.inside = 0;
	if (!address || thread_state.counted != counted)
		return;
	thread_state.counted++;
	if (unlikely(thread_count(size)) && recorder_due(size))
		recorder_sample(address, size, frame);
}

/* Without the allocator. */
void *own_plain_allocate(size_t size, size_t alignment, bool zeroed);
void *own_plain_resize(void *old, size_t size, size_t alignment, bool zeroed, bool frees_old);

/* The sample of a block that is resized, between `hold` and `settle`. */
struct own_resize {
	struct recorder_hold hold;
	bool sampled;
};
static inline void own_resize_hold(struct own_resize *resize, const void *old)
{
	resize->sampled = old && unlikely(filter_test(old)) && !arena_owns(old) && recorder_hold(old, &resize->hold);
}
static inline void own_resize_settle(const struct own_resize *resize, const void *address, size_t size, bool frees_old)
{
	if (likely(!resize->sampled))
		return;
	if (!address && size && !frees_old)
		recorder_restore(&resize->hold);
	else
		recorder_bury_resized(&resize->hold, size);
}

/* Each form: the pointer to the real one, and the hook. `prepare` looks all of an API's names up. */
#define OWN_ALLOCATION(name, parameters, arguments, size_asked, alignment_asked, zeroed, throws)                       \
	EXPORT void *name parameters;                                                                                  \
	static void *(*next_##name)parameters;                                                                         \
	void *name parameters                                                                                          \
	{                                                                                                              \
		prepare();                                                                                             \
		uint32_t counted = thread_state.counted;                                                               \
		bool counts = own_enter(HOOK_FRAME(), (throws));                                                       \
		void *address = next_##name ? next_##name arguments                                                    \
					    : own_plain_allocate((size_asked), (alignment_asked), (zeroed));           \
		if (counts)                                                                                            \
			own_leave(counted, address, (size_asked), HOOK_FRAME());                                       \
		return address;                                                                                        \
	}

#define OWN_RESIZE(name, parameters, arguments, size_asked, alignment_asked, zeroed, frees_old, throws, seen)          \
	EXPORT void *name parameters;                                                                                  \
	static void *(*next_##name)parameters;                                                                         \
	void *name parameters                                                                                          \
	{                                                                                                              \
		struct own_resize resize;                                                                              \
		prepare();                                                                                             \
		uint32_t counted = thread_state.counted;                                                               \
		bool counts = own_enter(HOOK_FRAME(), (throws));                                                       \
		own_resize_hold(&resize, old);                                                                         \
		void *address = next_##name                                                                            \
				    ? next_##name arguments                                                            \
				    : own_plain_resize(old, (size_asked), (alignment_asked), (zeroed), (frees_old));   \
		own_resize_settle(&resize, address, (size_asked), (frees_old));                                        \
		if (counts)                                                                                            \
			own_leave(counted, (seen) ? address : NULL, (size_asked), HOOK_FRAME());                       \
		return address;                                                                                        \
	}

#define OWN_RELEASE(name, parameters, arguments)                                                                       \
	EXPORT void name parameters;                                                                                   \
	static void(*next_##name) parameters;                                                                          \
	void name parameters                                                                                           \
	{                                                                                                              \
		prepare();                                                                                             \
		if (unlikely(filter_test(address))) {                                                                  \
			if (arena_owns(address))                                                                       \
				return;                                                                                \
			recorder_forget(address);                                                                      \
		}                                                                                                      \
		if (next_##name)                                                                                       \
			next_##name arguments;                                                                         \
		else                                                                                                   \
			real.free(address);                                                                            \
	}

/* posix_memalign's like. */
#define OWN_POSIX(name)                                                                                                \
	EXPORT int name(void **result, size_t alignment, size_t size);                                                 \
	static int (*next_##name)(void **result, size_t alignment, size_t size);                                       \
	int name(void **result, size_t alignment, size_t size)                                                         \
	{                                                                                                              \
		prepare();                                                                                             \
		uint32_t counted = thread_state.counted;                                                               \
		bool counts = own_enter(HOOK_FRAME(), false);                                                          \
		int error = (next_##name ? next_##name : real.posix_memalign)(result, alignment, size);                \
		if (counts)                                                                                            \
			own_leave(counted, error ? NULL : *result, size, HOOK_FRAME());                                \
		return error;                                                                                          \
	}

#define OWN_BIND(name, ...) {#name, &next_##name},

struct own_name {
	const char *name;
	void *pointer; /* to the pointer to the real one */
};

/* Looks the names up, if there is such an API. Idempotent. What the look-up itself allocates is no business of the
 * program's; a call from inside it finds what has been found so far, so those that malloc itself may reach come first.
 */
ENTRY void own_names_find(const struct own_name *names, size_t count, void *const *present, _Atomic bool *prepared);

/* For the constructor. */
void tcmalloc_prepare(void);
void mimalloc_prepare(void);

#endif
