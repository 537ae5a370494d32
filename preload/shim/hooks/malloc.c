/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The C allocation functions. Each returns what the next allocator returns,
 * errno included; a sample is taken out before its memory is given back and
 * put in before the program has its address.
 */
#include <errno.h>
#include <string.h>

#include "shim/hooks/hook.h"
#include "shim/hooks/malloc.h"
#include "shim/hooks/allocator_api.h"

/* Prototypes of our own: <stdlib.h>'s carry attributes (nonnull, alloc_size) that the program need not honour. */
EXPORT HOT void *malloc(size_t size);
EXPORT HOT void *calloc(size_t count, size_t size);
EXPORT HOT void *realloc(void *old, size_t size);
EXPORT void *reallocarray(void *old, size_t count, size_t size);
EXPORT HOT void free(void *address);
EXPORT void free_sized(void *address, size_t size);
EXPORT void free_aligned_sized(void *address, size_t alignment, size_t size);
EXPORT int posix_memalign(void **result, size_t alignment, size_t size);
EXPORT void *aligned_alloc(size_t alignment, size_t size);
EXPORT void *memalign(size_t alignment, size_t size);
EXPORT void *valloc(size_t size);
EXPORT void *pvalloc(size_t size);
EXPORT size_t malloc_usable_size(void *address);

static SLOW void *malloc_slowly(size_t size)
{
	recorder_undo(size);
	void *address = real.malloc(size);
	COUNT(address, size);
	return address;
}

static void *malloc_before(size_t size)
{
	return real.malloc(size);
}

static void *(*malloc_end)(size_t size) = malloc_before;

void malloc_prepare(bool everything)
{
	malloc_end = everything ? malloc_slowly : real.malloc;
}

void *malloc(size_t size)
{
	if (unlikely(thread_count_tersely(size)))
		return malloc_slowly(size);
	return malloc_end(size);
}

static SLOW void *calloc_slowly(size_t count, size_t size, size_t total)
{
	recorder_undo(total);
	void *address = real.calloc(count, size);
	COUNT(address, total);
	return address;
}

void *calloc(size_t count, size_t size)
{
	size_t total;
	if (likely(!__builtin_mul_overflow(count, size, &total)) && unlikely(thread_count(total)))
		return calloc_slowly(count, size, total);
	return real.calloc(count, size);
}

static void *arena_move(const void *old, size_t size)
{
	void *address = real.malloc(size);
	size_t kept = arena_size(old);
	if (address)
		memcpy(address, old, kept < size ? kept : size);
	return address;
}

/* A realloc is a free and an allocation of the whole new size. The old sample stays until the call has returned,
 * tagged: whoever gets its address meanwhile takes it out, and a program killed in the copy has it. */
static SLOW void *realloc_slowly(void *old, size_t size, bool borrowed)
{
	struct own_resize resize;
	if (borrowed)
		recorder_undo(size);
	own_resize_hold(&resize, old);
	void *address = unlikely(arena_owns(old)) ? arena_move(old, size) : real.realloc(old, size);
	own_resize_settle(&resize, address, size, false);
	if (borrowed)
		COUNT(address, size);
	return address;
}

void *realloc(void *old, size_t size)
{
	bool borrowed = thread_count(size);
	if (unlikely(borrowed | filter_test(old)))
		return realloc_slowly(old, size, borrowed);
	return real.realloc(old, size);
}

/* libc's calls realloc, which is ours: one event, never two, so do what it does here. */
void *reallocarray(void *old, size_t count, size_t size)
{
	size_t total;
	if (unlikely(__builtin_mul_overflow(count, size, &total))) {
		errno = ENOMEM;
		return NULL;
	}
	bool borrowed = thread_count(total);
	if (unlikely(borrowed | filter_test(old)))
		return realloc_slowly(old, total, borrowed);
	return real.realloc(old, total);
}

static SLOW void free_slowly(void *address)
{
	if (unlikely(arena_owns(address)))
		return;
	recorder_forget(address);
	real.free(address);
}

void free(void *address)
{
	if (unlikely(filter_test(address)))
		free_slowly(address);
	else
		real.free(address);
}

/* Is the allocator to have it back? A sample is forgotten first. */
static bool free_is_due(void *address)
{
	if (likely(!filter_test(address)))
		return true;
	if (arena_owns(address))
		return false;
	recorder_forget(address);
	return true;
}

/* C23. Where the next allocator has none, free() is what they mean. */
void free_sized(void *address, size_t size)
{
	if (!real.free_sized) {
		free(address);
		return;
	}
	if (likely(free_is_due(address)))
		real.free_sized(address, size);
}

void free_aligned_sized(void *address, size_t alignment, size_t size)
{
	if (!real.free_aligned_sized) {
		free(address);
		return;
	}
	if (likely(free_is_due(address)))
		real.free_aligned_sized(address, alignment, size);
}

/* An allocator may do these by functions of its own API, which count then: see allocator_api.h. */
int posix_memalign(void **result, size_t alignment, size_t size)
{
	uint32_t counted = thread_state.counted;
	bool counts = own_enter(HOOK_FRAME(), false);
	int error = real.posix_memalign(result, alignment, size);
	if (counts)
		own_leave(counted, error ? NULL : *result, size, HOOK_FRAME());
	return error;
}

void *aligned_alloc(size_t alignment, size_t size)
{
	uint32_t counted = thread_state.counted;
	bool counts = own_enter(HOOK_FRAME(), false);
	void *address = real.aligned_alloc(alignment, size);
	if (counts)
		own_leave(counted, address, size, HOOK_FRAME());
	return address;
}

void *memalign(size_t alignment, size_t size)
{
	uint32_t counted = thread_state.counted;
	bool counts = own_enter(HOOK_FRAME(), false);
	void *address = real.memalign(alignment, size);
	if (counts)
		own_leave(counted, address, size, HOOK_FRAME());
	return address;
}

void *valloc(size_t size)
{
	uint32_t counted = thread_state.counted;
	bool counts = own_enter(HOOK_FRAME(), false);
	void *address = real.valloc(size);
	if (counts)
		own_leave(counted, address, size, HOOK_FRAME());
	return address;
}

void *pvalloc(size_t size)
{
	uint32_t counted = thread_state.counted;
	bool counts = own_enter(HOOK_FRAME(), false);
	void *address = real.pvalloc(size);
	if (counts)
		own_leave(counted, address, size, HOOK_FRAME());
	return address;
}

size_t malloc_usable_size(void *address)
{
	if (unlikely(arena_owns(address)))
		return arena_size(address);
	return real.malloc_usable_size(address);
}
