/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hooks' bodies, one for each kind of entry point and way to count it: see
 * <seep/entry_points.h>, whose rows become functions by HOOK().
 *
 * NESTED is for libraries that call their own exported functions, which then
 * are ours, in ways that differ from build to build (mi_memalign jumps to
 * mi_malloc_aligned, and so does memalign; pvalloc calls tc_memalign, with a
 * size that is rounded up). These hooks count after the real call, and the
 * outermost one counts: thread_state.inside has its frame while the real call
 * runs. A signal handler that jumps out of one leaves the frame there: it is
 * taken for gone once the stack is above it, or the next hook ends. A function
 * that may throw leaves no frame; its hook counts where no other has counted
 * meanwhile (thread_state.counted).
 */
#ifndef SEEP_HOOKS_FORMS_H
#define SEEP_HOOKS_FORMS_H

#include "shim/hooks/hook.h"
#include "shim/host/bootstrap_arena.h"
#include "shim/host/filter.h"
#include "shim/host/stand_in.h"
#include "shim/record/countdown.h"

/* Bytes of stack from an outer hook down to one that is inside it. Farther below runs something else: a signal handler has
 * interrupted the outer one and gone on with another stack, perhaps for good. */
#define NESTED_BYTES 16384

/* Is another hook of this thread at work, inside which the hook with this frame is? */
static inline bool is_nested(const void *frame)
{
	return thread_state.inside - (uintptr_t)frame - 1 < NESTED_BYTES;
}

/* Before a real call. False: another hook is at work, and counts. */
static inline bool nested_enter(const void *frame, int traits)
{
	if (is_nested(frame))
		return false;
	thread_state.inside = traits & SEEP_THROWS ? 0 : (uintptr_t)frame;
	return true;
}

/* After it, where nested_enter() said true; `counted` is from before. Takes the sample of what it gave. */
static inline void nested_leave(uint32_t counted, void *address, size_t size, const void *frame,
				const struct recorder_hold *resized)
{
	thread_state.inside = 0;
	if (!address || thread_state.counted != counted)
		return;
	thread_state.counted++;
	if (unlikely(thread_count(size)) && lifecycle_is_due(size))
		recorder_sample(address, size, frame, resized);
}

/* Around a trial call of a real function, which does not concern the program. */
static inline struct thread_state trial_begin(void)
{
	struct thread_state saved = thread_state;
	thread_state.countdown = THREAD_STRETCH; /* no trial reaches its end */
	return saved;
}
/* False: the function came back to one of our hooks, which counted. */
static inline bool trial_end(const struct thread_state *saved)
{
	bool silent = thread_state.countdown == THREAD_STRETCH;
	thread_state = *saved;
	return silent;
}

/* The sample of a block that is resized. It stays until the call has returned, tagged: whoever gets its address
 * meanwhile takes it out, and a program that is killed in the copy has it. */
struct resize {
	struct recorder_hold hold;
	bool sampled;
};
static inline void resize_begin(struct resize *resize, const void *old)
{
	resize->sampled = old && unlikely(filter_test(old)) && !arena_owns(old) && recorder_hold(old, &resize->hold);
}
/* NULL: it was no sample. */
static inline const struct recorder_hold *resize_hold(const struct resize *resize)
{
	return unlikely(resize->sampled) ? &resize->hold : NULL;
}
/* After the new block is counted. */
static inline void resize_end(const struct resize *resize, const void *address, size_t size, int traits)
{
	if (likely(!resize->sampled))
		return;
	if (!address && size && !(traits & SEEP_FREES_OLD))
		recorder_restore(&resize->hold);
	else
		recorder_bury_resized(&resize->hold, size);
}

/* `counts`: whether this hook counts what it gives; a constant wherever no trial has to find that out. */
#define HOOK_ALLOCATE_WHERE(name, parameters, arguments, size, counts)                                                 \
	EXPORT void *name parameters;                                                                                  \
	static SLOW void *name##_slowly parameters                                                                     \
	{                                                                                                              \
		countdown_undo(size);                                                                                  \
		void *address = real.name arguments;                                                                   \
		COUNT(address, (size));                                                                                \
		return address;                                                                                        \
	}                                                                                                              \
	void *name parameters                                                                                          \
	{                                                                                                              \
		if ((counts) && unlikely(thread_count(size)))                                                          \
			return name##_slowly arguments;                                                                \
		return real.name arguments;                                                                            \
	}
#define HOOK_ALLOCATE_FAST(name, parameters, arguments, size, alignment, traits)                                       \
	HOOK_ALLOCATE_WHERE(name, parameters, arguments, size, true)

#define HOOK_ALLOCATE_NESTED(name, parameters, arguments, size, alignment, traits)                                     \
	EXPORT void *name parameters;                                                                                  \
	void *name parameters                                                                                          \
	{                                                                                                              \
		uint32_t counted = thread_state.counted;                                                               \
		bool counts = nested_enter(HOOK_FRAME(), (traits));                                                    \
		void *address = real.name arguments;                                                                   \
		if (counts)                                                                                            \
			nested_leave(counted, address, (size), HOOK_FRAME(), NULL);                                    \
		return address;                                                                                        \
	}

/* One parameter more. */
#define BORROWED_TOO(...) (__VA_ARGS__, bool borrowed)
#define AND_BORROWED(...) (__VA_ARGS__, borrowed)

#define HOOK_RESIZE_FAST(name, parameters, arguments, size, alignment, traits)                                         \
	EXPORT void *name parameters;                                                                                  \
	static SLOW void *name##_slowly BORROWED_TOO parameters                                                        \
	{                                                                                                              \
		struct resize resize;                                                                                  \
		if (borrowed)                                                                                          \
			countdown_undo(size);                                                                          \
		resize_begin(&resize, old);                                                                            \
		void *address = unlikely(arena_owns(old)) ? stand_in_resize(old, (size), (alignment), (traits))        \
							  : real.name arguments;                                       \
		if (borrowed)                                                                                          \
			COUNT_RESIZED(address, (size), resize_hold(&resize));                                          \
		resize_end(&resize, address, (size), (traits));                                                        \
		return address;                                                                                        \
	}                                                                                                              \
	void *name parameters                                                                                          \
	{                                                                                                              \
		bool borrowed = thread_count(size);                                                                    \
		if (unlikely(borrowed | filter_test(old)))                                                             \
			return name##_slowly AND_BORROWED arguments;                                                   \
		return real.name arguments;                                                                            \
	}

#define HOOK_RESIZE_NESTED(name, parameters, arguments, size, alignment, traits)                                       \
	EXPORT void *name parameters;                                                                                  \
	void *name parameters                                                                                          \
	{                                                                                                              \
		struct resize resize;                                                                                  \
		uint32_t counted = thread_state.counted;                                                               \
		bool counts = nested_enter(HOOK_FRAME(), (traits));                                                    \
		resize_begin(&resize, old);                                                                            \
		void *address = unlikely(arena_owns(old)) ? stand_in_resize(old, (size), (alignment), (traits))        \
							  : real.name arguments;                                       \
		if (counts)                                                                                            \
			nested_leave(counted, address, (size), HOOK_FRAME(), resize_hold(&resize));                    \
		resize_end(&resize, address, (size), (traits));                                                        \
		return address;                                                                                        \
	}

/* `frees`: whether the memory is surely gone afterwards. */
#define HOOK_RELEASE_WHERE(name, parameters, arguments, frees)                                                         \
	EXPORT void name parameters;                                                                                   \
	static SLOW void name##_slowly parameters                                                                      \
	{                                                                                                              \
		if (unlikely(arena_owns(address)))                                                                     \
			return;                                                                                        \
		if (frees)                                                                                             \
			recorder_forget(address);                                                                      \
		real.name arguments;                                                                                   \
	}                                                                                                              \
	void name parameters                                                                                           \
	{                                                                                                              \
		if (unlikely(filter_test(address)))                                                                    \
			name##_slowly arguments;                                                                       \
		else                                                                                                   \
			real.name arguments;                                                                           \
	}
#define HOOK_RELEASE_FAST(name, parameters, arguments, ...) HOOK_RELEASE_WHERE(name, parameters, arguments, true)

#define HOOK_POSIX_NESTED(name, parameters, arguments, size, alignment, traits)                                        \
	EXPORT int name parameters;                                                                                    \
	int name parameters                                                                                            \
	{                                                                                                              \
		uint32_t counted = thread_state.counted;                                                               \
		bool counts = nested_enter(HOOK_FRAME(), (traits));                                                    \
		int error = real.name arguments;                                                                       \
		if (counts)                                                                                            \
			nested_leave(counted, error ? NULL : *result, (size), HOOK_FRAME(), NULL);                     \
		return error;                                                                                          \
	}

#define HOOK_TEXT_NESTED(name, parameters, arguments, size, alignment, traits)                                         \
	EXPORT char *name parameters;                                                                                  \
	char *name parameters                                                                                          \
	{                                                                                                              \
		uint32_t counted = thread_state.counted;                                                               \
		bool counts = nested_enter(HOOK_FRAME(), (traits));                                                    \
		char *copy = real.name arguments;                                                                      \
		if (counts)                                                                                            \
			nested_leave(counted, copy, copy ? strlen(copy) + 1 : 0, HOOK_FRAME(), NULL);                  \
		return copy;                                                                                           \
	}

/* Some programs ask for the size of each block that they allocate or free. NAME_end may become the real function where the
 * arena has nothing. */
#define HOOK_MEASURE_FAST(name, parameters, arguments, ...)                                                            \
	EXPORT size_t name parameters;                                                                                 \
	static size_t name##_carefully parameters                                                                      \
	{                                                                                                              \
		if (unlikely(arena_owns(address)))                                                                     \
			return arena_size(address);                                                                    \
		return real.name arguments;                                                                            \
	}                                                                                                              \
	static size_t(*name##_end) parameters = name##_carefully;                                                      \
	size_t name parameters                                                                                         \
	{                                                                                                              \
		return name##_end arguments;                                                                           \
	}

/* These have a prototype only. Not <stdlib.h>'s: its attributes (nonnull, alloc_size) bind callers, and the program need
 * not honour them. */
#define HOOK_ALLOCATE_BY_HAND(name, parameters, ...) EXPORT void *name parameters;
#define HOOK_RESIZE_BY_HAND(name, parameters, ...) EXPORT void *name parameters;
#define HOOK_MEASURE_BY_HAND(name, parameters, ...) EXPORT size_t name parameters;
#define HOOK_DESTROY_BY_HAND(name, parameters, ...) EXPORT void name parameters;

/* `storage`: static or nothing; `next`: whose functions it calls. xallocx resizes in place or not at all. Only a block whose
 * size has changed counts as a free and an allocation, and the size that it has now is the size allocated. */
#define DEFINE_XALLOCX(storage, name, next)                                                                            \
	storage size_t name(void *address, size_t size, size_t extra, int flags)                                       \
	{                                                                                                              \
		struct resize resize;                                                                                  \
		size_t before = next.sallocx(address, flags);                                                          \
		resize_begin(&resize, address);                                                                        \
		size_t after = next.xallocx(address, size, extra, flags);                                              \
		if (after != before)                                                                                   \
			COUNT_RESIZED(address, after, resize_hold(&resize));                                           \
		resize_end(&resize, after == before ? NULL : address, after, 0);                                       \
		return after;                                                                                          \
	}

static inline bool forget_area(const void *heap, const struct real_area *area, void *block, size_t size, void *mine)
{
	(void)heap, (void)block, (void)size, (void)mine;
	recorder_forget_range(area->blocks, area->committed);
	return true;
}

/* mi_heap_destroy frees all blocks of a heap without naming them; the heap's areas tell which samples go with it. A
 * thread's first heap cannot be destroyed: its blocks live on. */
#define DEFINE_MI_HEAP_DESTROY(storage, name, next)                                                                    \
	storage void name(void *heap)                                                                                  \
	{                                                                                                              \
		if (!next.mi_heap_visit_blocks || !next.mi_heap_get_backing)                                           \
			recorder_doubt();                                                                              \
		else if (heap != next.mi_heap_get_backing())                                                           \
			next.mi_heap_visit_blocks(heap, false, forget_area, NULL);                                     \
		next.mi_heap_destroy(heap);                                                                            \
	}

#define HOOK_FORM(form, ...) HOOK_##form(__VA_ARGS__)
#define HOOK(name, kind, hook, takes, traits) HOOK_FORM(kind##_##hook, name, SEEP_TAKES_##takes, traits)

#endif
