/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The C allocation functions. Each returns what the next allocator returns,
 * errno included. A sample is taken out before its memory is given back, and
 * put in before the program has its address.
 */
#include "shim/hooks/forms.h"
#include "shim/hooks/lifecycle.h"
#include "shim/host/calls.h"
#include "shim/host/joined.h"
#include "shim/record/countdown.h"

HOT void *malloc(size_t size);
HOT void *calloc(size_t count, size_t size);
HOT void *realloc(void *old, size_t size);
HOT void free(void *address);

SEEP_ENTRY_POINTS_OF_C(HOOK)

static SLOW void *malloc_slowly(size_t size)
{
	countdown_undo(size);
	void *address = real.malloc(size);
	if (unlikely(load_relaxed(&bypass_is_claimed)))
		bypass_weigh(HOOK_FRAME());
	COUNT(address, size);
	return address;
}

static void *malloc_before(size_t size)
{
	return real.malloc(size);
}

static void *(*malloc_end)(size_t size) = malloc_before;

/*
 * An allocator may implement these by functions that its own API exports:
 * mimalloc's realloc jumps to mi_heap_realloc. Those names are ours and would
 * count a second time. So where a trial moves the thread's countdown, the hook
 * calls the real function from a frame that tells the hooks inside it that a hook
 * is at work already.
 */
#define DEFINE_QUIET(name, parameters, arguments, trial)                                                               \
	static void *(*loud_##name)parameters;                                                                         \
	static void *quiet_##name parameters                                                                           \
	{                                                                                                              \
		bool entered = nested_enter(HOOK_FRAME(), 0);                                                          \
		void *address = loud_##name arguments;                                                                 \
		if (entered)                                                                                           \
			thread_state.inside = 0;                                                                       \
		return address;                                                                                        \
	}                                                                                                              \
	static void quieten_##name(void)                                                                               \
	{                                                                                                              \
		struct thread_state saved = trial_begin();                                                             \
		real.free(real.name trial);                                                                            \
		if (trial_end(&saved))                                                                                 \
			return;                                                                                        \
		loud_##name = real.name;                                                                               \
		real.name = quiet_##name;                                                                              \
	}
DEFINE_QUIET(malloc, (size_t size), (size), (16))
DEFINE_QUIET(calloc, (size_t count, size_t size), (count, size), (1, 16))
DEFINE_QUIET(realloc, (void *old, size_t size), (old, size), (NULL, 16))

/* Our own, whoever else defines one. */
static __typeof__(malloc_usable_size) own_usable_size __attribute__((alias("malloc_usable_size")));

void malloc_prepare(void)
{
	quieten_malloc();
	quieten_calloc();
	quieten_realloc();
	if (!arena_close())
		return;
	malloc_usable_size_end = real.malloc_usable_size;
	if (!is_joined())
		calls_pass_on("malloc_usable_size", (const void *)own_usable_size,
			      (const void *)real.malloc_usable_size);
}

void malloc_set_rate(bool everything)
{
	malloc_end = everything ? malloc_slowly : real.malloc;
}

void *malloc(size_t size)
{
	if (unlikely(thread_count_tersely(size)))
		return malloc_slowly(size);
	return malloc_end(size);
}

static bool realloc_is_the_programs;

void malloc_stand_aside(void)
{
	realloc_is_the_programs = true;
}

/* libc's reallocarray calls realloc, which is ours, so it would count twice. This one does itself what libc's does; but where
 * realloc is the program's, libc's alone finds that. */
void *reallocarray(void *old, size_t count, size_t size)
{
	size_t total;
	if (unlikely(realloc_is_the_programs))
		return real.reallocarray(old, count, size);
	if (unlikely(__builtin_mul_overflow(count, size, &total))) {
		errno = ENOMEM;
		return NULL;
	}
	bool borrowed = thread_count(total);
	if (unlikely(borrowed | filter_test(old)))
		return realloc_slowly(old, total, borrowed);
	return real.realloc(old, total);
}
