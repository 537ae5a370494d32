/* SPDX-License-Identifier: Apache-2.0 */
/* tcmalloc's own API, of gperftools: see allocator_api.h. tc_version, tc_malloc_size and what else only asks is not among our
 * names, so that a program which looks for all of them still learns whether tcmalloc is there. */
#include "shim/hooks/allocator_api.h"

static void prepare(void);

#define ALLOCATIONS(X)                                                                                                 \
	X(tc_malloc, (size_t size), (size), size, 0, false, false)                                                     \
	X(tc_malloc_skip_new_handler, (size_t size), (size), size, 0, false, false)                                    \
	X(tc_calloc, (size_t count, size_t size), (count, size), own_total(count, size), 0, true, false)               \
	X(tc_memalign, (size_t alignment, size_t size), (alignment, size), size, alignment, false, false)              \
	X(tc_valloc, (size_t size), (size), size, 4096, false, false)                                                  \
	X(tc_pvalloc, (size_t size), (size), size, 4096, false, false)                                                 \
	X(tc_new, (size_t size), (size), size, 0, false, true)                                                         \
	X(tc_newarray, (size_t size), (size), size, 0, false, true)                                                    \
	X(tc_new_nothrow, (size_t size, const void *tag), (size, tag), size, 0, false, false)                          \
	X(tc_newarray_nothrow, (size_t size, const void *tag), (size, tag), size, 0, false, false)                     \
	X(tc_new_aligned, (size_t size, size_t alignment), (size, alignment), size, alignment, false, true)            \
	X(tc_newarray_aligned, (size_t size, size_t alignment), (size, alignment), size, alignment, false, true)       \
	X(tc_new_aligned_nothrow, (size_t size, size_t alignment, const void *tag), (size, alignment, tag), size,      \
	  alignment, false, false)                                                                                     \
	X(tc_newarray_aligned_nothrow, (size_t size, size_t alignment, const void *tag), (size, alignment, tag), size, \
	  alignment, false, false)

#define RELEASES(X)                                                                                                    \
	X(tc_free, (void *address), (address))                                                                         \
	X(tc_cfree, (void *address), (address))                                                                        \
	X(tc_free_sized, (void *address, size_t size), (address, size))                                                \
	X(tc_delete, (void *address), (address))                                                                       \
	X(tc_deletearray, (void *address), (address))                                                                  \
	X(tc_delete_sized, (void *address, size_t size), (address, size))                                              \
	X(tc_deletearray_sized, (void *address, size_t size), (address, size))                                         \
	X(tc_delete_nothrow, (void *address, const void *tag), (address, tag))                                         \
	X(tc_deletearray_nothrow, (void *address, const void *tag), (address, tag))                                    \
	X(tc_delete_aligned, (void *address, size_t alignment), (address, alignment))                                  \
	X(tc_deletearray_aligned, (void *address, size_t alignment), (address, alignment))                             \
	X(tc_delete_sized_aligned, (void *address, size_t size, size_t alignment), (address, size, alignment))         \
	X(tc_deletearray_sized_aligned, (void *address, size_t size, size_t alignment), (address, size, alignment))    \
	X(tc_delete_aligned_nothrow, (void *address, size_t alignment, const void *tag), (address, alignment, tag))    \
	X(tc_deletearray_aligned_nothrow, (void *address, size_t alignment, const void *tag), (address, alignment, tag))

#define RESIZES(X) X(tc_realloc, (void *old, size_t size), (old, size), size, 0, false, false, false, true)

ALLOCATIONS(OWN_ALLOCATION)
RESIZES(OWN_RESIZE)
RELEASES(OWN_RELEASE)
OWN_POSIX(tc_posix_memalign)

void tcmalloc_prepare(void)
{
	static _Atomic bool prepared;
	static const struct own_name names[] = {ALLOCATIONS(OWN_BIND) RESIZES(OWN_BIND) RELEASES(OWN_BIND)
						    OWN_BIND(tc_posix_memalign)};
	if (unlikely(!load_acquire(&prepared)))
		own_names_find(names, sizeof names / sizeof *names, &real.tc_malloc, &prepared);
}

static void prepare(void)
{
	tcmalloc_prepare();
}
