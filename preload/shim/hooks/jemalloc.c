/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jemalloc's own API. The names are exported always, since ELF knows no other
 * way; a program that asks whether jemalloc is there (by weak references to
 * all of its names) still learns the truth, because nallocx and mallctl are
 * not among ours. Called without jemalloc behind us, they do what jemalloc's
 * manual says on top of the C functions.
 */
#include <string.h>

#include "shim/hooks/allocator_api.h"
#include "shim/hooks/hook.h"

EXPORT void *mallocx(size_t size, int flags);
EXPORT void *rallocx(void *old, size_t size, int flags);
EXPORT size_t xallocx(void *address, size_t size, size_t extra, int flags);
EXPORT size_t sallocx(const void *address, int flags);
EXPORT void dallocx(void *address, int flags);
EXPORT void sdallocx(void *address, size_t size, int flags);

/* MALLOCX_LG_ALIGN in the low six bits, MALLOCX_ZERO above them. */
#define ALIGNMENT_OF(flags) ((size_t)1 << ((flags)&63))
#define ZERO_IN(flags) ((flags)&64)

static SLOW void *mallocx_slowly(size_t size, int flags, bool borrowed)
{
	if (borrowed)
		recorder_undo(size);
	void *address =
	    real.mallocx ? real.mallocx(size, flags) : own_plain_allocate(size, ALIGNMENT_OF(flags), ZERO_IN(flags));
	if (borrowed)
		COUNT(address, size);
	return address;
}

void *mallocx(size_t size, int flags)
{
	bool borrowed = thread_count(size);
	if (unlikely(borrowed || !real.mallocx))
		return mallocx_slowly(size, flags, borrowed);
	return real.mallocx(size, flags);
}

static SLOW void *rallocx_slowly(void *old, size_t size, int flags, bool borrowed)
{
	struct own_resize resize;
	if (borrowed)
		recorder_undo(size);
	own_resize_hold(&resize, old);
	void *address = real.rallocx ? real.rallocx(old, size, flags)
				     : own_plain_resize(old, size, ALIGNMENT_OF(flags), ZERO_IN(flags), false);
	own_resize_settle(&resize, address, size, false);
	if (borrowed)
		COUNT(address, size);
	return address;
}

void *rallocx(void *old, size_t size, int flags)
{
	bool borrowed = thread_count(size);
	if (unlikely(borrowed || filter_test(old) || !real.rallocx))
		return rallocx_slowly(old, size, flags, borrowed);
	return real.rallocx(old, size, flags);
}

/* Resizes in place or not at all: only a block whose size has changed is a free and an allocation. What it grew to is
 * what was allocated. */
size_t xallocx(void *address, size_t size, size_t extra, int flags)
{
	if (!real.xallocx || !real.sallocx)
		return real.malloc_usable_size(address);
	struct recorder_hold hold;
	size_t before = real.sallocx(address, flags);
	bool sampled = filter_test(address) && recorder_hold(address, &hold);
	size_t after = real.xallocx(address, size, extra, flags);
	if (sampled && after == before)
		recorder_restore(&hold);
	else if (sampled)
		recorder_bury_resized(&hold, after);
	if (after != before && thread_count(after) && recorder_due(after))
		recorder_sample(address, after, HOOK_FRAME());
	return after;
}

size_t sallocx(const void *address, int flags)
{
	return real.sallocx ? real.sallocx(address, flags) : real.malloc_usable_size((void *)(uintptr_t)address);
}

void dallocx(void *address, int flags)
{
	if (unlikely(filter_test(address)))
		recorder_forget(address);
	if (real.dallocx)
		real.dallocx(address, flags);
	else
		real.free(address);
}

void sdallocx(void *address, size_t size, int flags)
{
	if (unlikely(filter_test(address)))
		recorder_forget(address);
	if (real.sdallocx)
		real.sdallocx(address, size, flags);
	else
		real.free(address);
}
