/* SPDX-License-Identifier: Apache-2.0 */
/* The bootstrap arena: a bump allocator with the size in front of each block. See bootstrap_arena.h. */
#include "shim/host/bootstrap_arena.h"

#include <stdint.h>
#include <string.h>

#include "keeper/base/atomics.h"
#include "shim/host/filter.h"

#define ARENA_BYTES (256u << 10)
#define BLOCK_ALIGNMENT 16u

static _Alignas(4096) char arena[ARENA_BYTES]; /* zero pages until touched */
static _Atomic size_t used = BLOCK_ALIGNMENT;

void *arena_allocate(size_t bytes, size_t alignment)
{
	if (alignment < BLOCK_ALIGNMENT)
		alignment = BLOCK_ALIGNMENT;
	if ((alignment & (alignment - 1)) || alignment > ARENA_BYTES || bytes > ARENA_BYTES)
		return NULL;
	size_t start, begin = load_relaxed(&used);
	do {
		start = (begin + sizeof(size_t) + alignment - 1) & ~(alignment - 1);
		if (start + bytes > ARENA_BYTES)
			return NULL;
	} while (!atomic_compare_exchange_weak_explicit(&used, &begin, start + bytes, memory_order_relaxed,
							memory_order_relaxed));
	memcpy(arena + start - sizeof(size_t), &bytes, sizeof bytes);
	filter_mark_for_ever(arena + start);
	return arena + start;
}

bool arena_close(void)
{
	size_t begin = BLOCK_ALIGNMENT;
	return atomic_compare_exchange_strong_explicit(&used, &begin, ARENA_BYTES, memory_order_relaxed,
						       memory_order_relaxed);
}

bool arena_owns(const void *pointer)
{
	return (uintptr_t)pointer - (uintptr_t)arena < ARENA_BYTES;
}

size_t arena_size(const void *pointer)
{
	size_t bytes;
	memcpy(&bytes, (const char *)pointer - sizeof bytes, sizeof bytes);
	return bytes;
}
