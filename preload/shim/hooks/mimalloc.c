/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mimalloc's own API: see allocator_api.h. mi_version, mi_usable_size and what else
 * only asks is not among our names, so that a program which looks for all of
 * them still learns whether mimalloc is there.
 *
 * What is allocated from a heap of the program's own (mi_heap_*) is not seen:
 * mi_heap_destroy takes it away without naming the blocks. A block that goes
 * into such a heap by mi_heap_realloc is taken for freed.
 */
#include "shim/hooks/allocator_api.h"

static void prepare(void);

#define ALLOCATIONS(X)                                                                                                 \
	X(mi_malloc, (size_t size), (size), size, 0, false, false)                                                     \
	X(mi_malloc_small, (size_t size), (size), size, 0, false, false)                                               \
	X(mi_zalloc, (size_t size), (size), size, 0, true, false)                                                      \
	X(mi_zalloc_small, (size_t size), (size), size, 0, true, false)                                                \
	X(mi_calloc, (size_t count, size_t size), (count, size), own_total(count, size), 0, true, false)               \
	X(mi_mallocn, (size_t count, size_t size), (count, size), own_total(count, size), 0, false, false)             \
	X(mi_malloc_aligned, (size_t size, size_t alignment), (size, alignment), size, alignment, false, false)        \
	X(mi_zalloc_aligned, (size_t size, size_t alignment), (size, alignment), size, alignment, true, false)         \
	X(mi_calloc_aligned, (size_t count, size_t size, size_t alignment), (count, size, alignment),                  \
	  own_total(count, size), alignment, true, false)                                                              \
	X(mi_malloc_aligned_at, (size_t size, size_t alignment, size_t offset), (size, alignment, offset), size,       \
	  alignment, false, false)                                                                                     \
	X(mi_zalloc_aligned_at, (size_t size, size_t alignment, size_t offset), (size, alignment, offset), size,       \
	  alignment, true, false)                                                                                      \
	X(mi_calloc_aligned_at, (size_t count, size_t size, size_t alignment, size_t offset),                          \
	  (count, size, alignment, offset), own_total(count, size), alignment, true, false)                            \
	X(mi_memalign, (size_t alignment, size_t size), (alignment, size), size, alignment, false, false)              \
	X(mi_aligned_alloc, (size_t alignment, size_t size), (alignment, size), size, alignment, false, false)         \
	X(mi_valloc, (size_t size), (size), size, 4096, false, false)                                                  \
	X(mi_pvalloc, (size_t size), (size), size, 4096, false, false)                                                 \
	X(mi_new, (size_t size), (size), size, 0, false, true)                                                         \
	X(mi_new_nothrow, (size_t size), (size), size, 0, false, false)                                                \
	X(mi_new_n, (size_t count, size_t size), (count, size), own_total(count, size), 0, false, true)                \
	X(mi_new_aligned, (size_t size, size_t alignment), (size, alignment), size, alignment, false, true)            \
	X(mi_new_aligned_nothrow, (size_t size, size_t alignment), (size, alignment), size, alignment, false, false)

/* Name, what comes before the old block, and then as in OWN_RESIZE. Those of heaps have the heap in front. */
#define RESIZES_OF(X, prefix, first, first_argument, counts)                                                           \
	X(prefix##realloc, (first void *old, size_t size), (first_argument old, size), size, 0, false, false, false,   \
	  counts)                                                                                                      \
	X(prefix##rezalloc, (first void *old, size_t size), (first_argument old, size), size, 0, true, false, false,   \
	  counts)                                                                                                      \
	X(prefix##reallocf, (first void *old, size_t size), (first_argument old, size), size, 0, false, true, false,   \
	  counts)                                                                                                      \
	X(prefix##reallocn, (first void *old, size_t count, size_t size), (first_argument old, count, size),           \
	  own_total(count, size), 0, false, false, false, counts)                                                      \
	X(prefix##recalloc, (first void *old, size_t count, size_t size), (first_argument old, count, size),           \
	  own_total(count, size), 0, true, false, false, counts)                                                       \
	X(prefix##realloc_aligned, (first void *old, size_t size, size_t alignment),                                   \
	  (first_argument old, size, alignment), size, alignment, false, false, false, counts)                         \
	X(prefix##rezalloc_aligned, (first void *old, size_t size, size_t alignment),                                  \
	  (first_argument old, size, alignment), size, alignment, true, false, false, counts)                          \
	X(prefix##recalloc_aligned, (first void *old, size_t count, size_t size, size_t alignment),                    \
	  (first_argument old, count, size, alignment), own_total(count, size), alignment, true, false, false, counts) \
	X(prefix##realloc_aligned_at, (first void *old, size_t size, size_t alignment, size_t offset),                 \
	  (first_argument old, size, alignment, offset), size, alignment, false, false, false, counts)                 \
	X(prefix##rezalloc_aligned_at, (first void *old, size_t size, size_t alignment, size_t offset),                \
	  (first_argument old, size, alignment, offset), size, alignment, true, false, false, counts)                  \
	X(prefix##recalloc_aligned_at, (first void *old, size_t count, size_t size, size_t alignment, size_t offset),  \
	  (first_argument old, count, size, alignment, offset), own_total(count, size), alignment, true, false, false, \
	  counts)

#define HEAP void *heap,
#define HEAP_ARGUMENT heap,
#define NOTHING
#define HEAP_RESIZES(X) RESIZES_OF(X, mi_heap_, HEAP, HEAP_ARGUMENT, false)
#define RESIZES(X)                                                                                                     \
	RESIZES_OF(X, mi_, NOTHING, NOTHING, true)                                                                     \
	X(mi_reallocarray, (void *old, size_t count, size_t size), (old, count, size), own_total(count, size), 0,      \
	  false, false, false, true)                                                                                   \
	X(mi_new_realloc, (void *old, size_t size), (old, size), size, 0, false, false, true, true)                    \
	X(mi_new_reallocn, (void *old, size_t count, size_t size), (old, count, size), own_total(count, size), 0,      \
	  false, false, true, true)

#define RELEASES(X)                                                                                                    \
	X(mi_free, (void *address), (address))                                                                         \
	X(mi_free_size, (void *address, size_t size), (address, size))                                                 \
	X(mi_free_aligned, (void *address, size_t alignment), (address, alignment))                                    \
	X(mi_free_size_aligned, (void *address, size_t size, size_t alignment), (address, size, alignment))

HEAP_RESIZES(OWN_RESIZE)
ALLOCATIONS(OWN_ALLOCATION)
RESIZES(OWN_RESIZE)
RELEASES(OWN_RELEASE)
OWN_POSIX(mi_posix_memalign)

/* Texts: what was asked for is their length and the NUL. */
#define TEXT(name, parameters, arguments, length)                                                                      \
	EXPORT char *name parameters;                                                                                  \
	static char *(*next_##name)parameters;                                                                         \
	char *name parameters                                                                                          \
	{                                                                                                              \
		prepare();                                                                                             \
		if (!text)                                                                                             \
			return NULL;                                                                                   \
		uint32_t counted = thread_state.counted;                                                               \
		size_t size = (length) + 1;                                                                            \
		bool counts = own_enter(HOOK_FRAME(), false);                                                          \
		char *copy = next_##name ? next_##name arguments : own_plain_allocate(size, 0, false);                 \
		if (copy && !next_##name) {                                                                            \
			memcpy(copy, text, size - 1);                                                                  \
			copy[size - 1] = 0;                                                                            \
		}                                                                                                      \
		if (counts)                                                                                            \
			own_leave(counted, copy, size, HOOK_FRAME());                                                  \
		return copy;                                                                                           \
	}
TEXT(mi_strdup, (const char *text), (text), strlen(text))
TEXT(mi_strndup, (const char *text, size_t most), (text, most), strnlen(text, most))

void mimalloc_prepare(void)
{
	static _Atomic bool prepared;
	static const struct own_name names[] = {HEAP_RESIZES(OWN_BIND) RELEASES(OWN_BIND) ALLOCATIONS(OWN_BIND) RESIZES(
	    OWN_BIND) OWN_BIND(mi_posix_memalign) OWN_BIND(mi_strdup) OWN_BIND(mi_strndup)};
	if (unlikely(!load_acquire(&prepared)))
		own_names_find(names, sizeof names / sizeof *names, &real.mi_heap_realloc, &prepared);
}

static void prepare(void)
{
	mimalloc_prepare();
}
