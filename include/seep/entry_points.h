/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every allocation function that libseep.so stands in front of, described once. From these rows follow the hooks, the
 * pointers to the real functions, the names that the library exports, the frames that seep trims from a stack, a page of
 * the manual, and the tests that call each entry point.
 *
 * A row is X(name, kind, hook, takes, traits):
 *
 *	kind	what it does: ALLOCATE, RESIZE, RELEASE; POSIX is an ALLOCATE that returns an error and stores the
 *		address; TEXT is a copy of a string; MEASURE returns a size; DESTROY frees many blocks at once
 *	hook	how it is counted. FAST: before the real call, in as few instructions as there can be. NESTED: after it,
 *		by the outermost of several hooks, because the library calls its own exported functions in ways that
 *		differ from build to build. CXX: as FAST, where the definition behind it is the allocator's own.
 *		BY_HAND: the hook is written out in preload/shim/hooks/. A function that calls the exported malloc has no
 *		row: malloc's hook counts, whatever is around it.
 *	takes	the parameters, and from them the size and the alignment asked for: SEEP_TAKES_... below
 *	traits	SEEP_ZEROED and the like, or 0
 *
 * An API's first row is in every version of it: where that name is missing, the others are not looked for. Functions
 * that only ask (tc_version, mi_version, mallctl) do not belong here: a program that looks for one of those must learn
 * the truth. This file consists of macros alone, because the build makes the linker's version script of it, too.
 */
#ifndef SEEP_ENTRY_POINTS_H
#define SEEP_ENTRY_POINTS_H

#define SEEP_ZEROED 1    /* the memory is zero, or what a resize adds to it */
#define SEEP_THROWS 2    /* failure is an exception (or abort()), which leaves no time to tidy up */
#define SEEP_FREES_OLD 4 /* a resize that fails frees the old block */
#define SEEP_ROUNDED 8   /* the allocator rounds the size up to whole pages */

/* The size of an array; one that overflows is more than any allocator has. */
#define SEEP_ARRAY_SIZE(count, size)                                                                                   \
	(__extension__({                                                                                               \
		size_t total;                                                                                          \
		__builtin_mul_overflow((count), (size), &total) ? (size_t)-1 : total;                                  \
	}))

#define SEEP_RETURNS_ALLOCATE void *
#define SEEP_RETURNS_RESIZE void *
#define SEEP_RETURNS_RELEASE void
#define SEEP_RETURNS_POSIX int
#define SEEP_RETURNS_TEXT char *
#define SEEP_RETURNS_MEASURE size_t
#define SEEP_RETURNS_DESTROY void

/* clang-format off: a table */
/* Parameters, arguments, the size asked for, the alignment asked for. The last two are expressions of the parameters. */
#define SEEP_TAKES_SIZE (size_t size), (size), size, 0
#define SEEP_TAKES_SIZE_IN_PAGES (size_t size), (size), size, 4096
#define SEEP_TAKES_SIZE_ALIGNMENT (size_t size, size_t alignment), (size, alignment), size, alignment
#define SEEP_TAKES_SIZE_ALIGNMENT_OFFSET                                                                               \
	(size_t size, size_t alignment, size_t offset), (size, alignment, offset), size, alignment
#define SEEP_TAKES_ALIGNMENT_SIZE (size_t alignment, size_t size), (alignment, size), size, alignment
#define SEEP_TAKES_COUNT_SIZE (size_t count, size_t size), (count, size), SEEP_ARRAY_SIZE(count, size), 0
#define SEEP_TAKES_COUNT_SIZE_ALIGNMENT                                                                                \
	(size_t count, size_t size, size_t alignment), (count, size, alignment), SEEP_ARRAY_SIZE(count, size), alignment
#define SEEP_TAKES_COUNT_SIZE_ALIGNMENT_OFFSET                                                                         \
	(size_t count, size_t size, size_t alignment, size_t offset), (count, size, alignment, offset),                \
	    SEEP_ARRAY_SIZE(count, size), alignment
/* C++'s: the alignment by value, the nothrow tag by reference. */
#define SEEP_TAKES_SIZE_TAG (size_t size, const void *tag), (size, tag), size, 0
#define SEEP_TAKES_SIZE_ALIGNMENT_TAG                                                                                  \
	(size_t size, size_t alignment, const void *tag), (size, alignment, tag), size, alignment
/* jemalloc's MALLOCX_LG_ALIGN is in the flags' low six bits, MALLOCX_ZERO above them. */
#define SEEP_TAKES_SIZE_FLAGS (size_t size, int flags), (size, flags), size, (size_t)1 << (flags & 63)
#define SEEP_ZEROED_BY_FLAGS (flags & 64 ? SEEP_ZEROED : 0)
#define SEEP_TAKES_RESULT_ALIGNMENT_SIZE                                                                               \
	(void **result, size_t alignment, size_t size), (result, alignment, size), size, alignment
#define SEEP_TAKES_TEXT (const char *text), (text), strlen(text) + 1, 0
#define SEEP_TAKES_TEXT_MOST (const char *text, size_t most), (text, most), strnlen(text, most) + 1, 0

#define SEEP_TAKES_OLD_SIZE (void *old, size_t size), (old, size), size, 0
#define SEEP_TAKES_OLD_SIZE_FLAGS                                                                                      \
	(void *old, size_t size, int flags), (old, size, flags), size, (size_t)1 << (flags & 63)
#define SEEP_TAKES_OLD_SIZE_ALIGNMENT                                                                                  \
	(void *old, size_t size, size_t alignment), (old, size, alignment), size, alignment
#define SEEP_TAKES_OLD_SIZE_ALIGNMENT_OFFSET                                                                           \
	(void *old, size_t size, size_t alignment, size_t offset), (old, size, alignment, offset), size, alignment
/* Rust's: the size that the old block was asked with comes first. */
#define SEEP_TAKES_OLD_BEFORE_ALIGNMENT_SIZE                                                                           \
	(void *old, size_t before, size_t alignment, size_t size), (old, before, alignment, size), size, alignment
#define SEEP_TAKES_OLD_COUNT_SIZE                                                                                      \
	(void *old, size_t count, size_t size), (old, count, size), SEEP_ARRAY_SIZE(count, size), 0
#define SEEP_TAKES_OLD_COUNT_SIZE_ALIGNMENT                                                                            \
	(void *old, size_t count, size_t size, size_t alignment), (old, count, size, alignment),                       \
	    SEEP_ARRAY_SIZE(count, size), alignment
#define SEEP_TAKES_OLD_COUNT_SIZE_ALIGNMENT_OFFSET                                                                     \
	(void *old, size_t count, size_t size, size_t alignment, size_t offset),                                       \
	    (old, count, size, alignment, offset), SEEP_ARRAY_SIZE(count, size), alignment

#define SEEP_TAKES_ADDRESS (void *address), (address), 0, 0
#define SEEP_TAKES_ADDRESS_SIZE (void *address, size_t size), (address, size), size, 0
#define SEEP_TAKES_ADDRESS_ALIGNMENT (void *address, size_t alignment), (address, alignment), 0, alignment
#define SEEP_TAKES_ADDRESS_SIZE_ALIGNMENT                                                                              \
	(void *address, size_t size, size_t alignment), (address, size, alignment), size, alignment
#define SEEP_TAKES_ADDRESS_ALIGNMENT_SIZE                                                                              \
	(void *address, size_t alignment, size_t size), (address, alignment, size), size, alignment
#define SEEP_TAKES_ADDRESS_TAG (void *address, const void *tag), (address, tag), 0, 0
#define SEEP_TAKES_ADDRESS_ALIGNMENT_TAG                                                                               \
	(void *address, size_t alignment, const void *tag), (address, alignment, tag), 0, alignment
#define SEEP_TAKES_ADDRESS_FLAGS (void *address, int flags), (address, flags), 0, 0
#define SEEP_TAKES_ADDRESS_SIZE_FLAGS (void *address, size_t size, int flags), (address, size, flags), size, 0
#define SEEP_TAKES_ADDRESS_SIZE_EXTRA_FLAGS                                                                            \
	(void *address, size_t size, size_t extra, int flags), (address, size, extra, flags), size, 0

/* mimalloc's, with a heap in front. */
#define SEEP_TAKES_HEAP (void *heap), (heap), 0, 0
#define SEEP_TAKES_HEAP_SIZE (void *heap, size_t size), (heap, size), size, 0
#define SEEP_TAKES_HEAP_SIZE_ALIGNMENT                                                                                 \
	(void *heap, size_t size, size_t alignment), (heap, size, alignment), size, alignment
#define SEEP_TAKES_HEAP_SIZE_ALIGNMENT_OFFSET                                                                          \
	(void *heap, size_t size, size_t alignment, size_t offset), (heap, size, alignment, offset), size, alignment
#define SEEP_TAKES_HEAP_COUNT_SIZE                                                                                     \
	(void *heap, size_t count, size_t size), (heap, count, size), SEEP_ARRAY_SIZE(count, size), 0
#define SEEP_TAKES_HEAP_COUNT_SIZE_ALIGNMENT                                                                           \
	(void *heap, size_t count, size_t size, size_t alignment), (heap, count, size, alignment),                     \
	    SEEP_ARRAY_SIZE(count, size), alignment
#define SEEP_TAKES_HEAP_COUNT_SIZE_ALIGNMENT_OFFSET                                                                    \
	(void *heap, size_t count, size_t size, size_t alignment, size_t offset),                                      \
	    (heap, count, size, alignment, offset), SEEP_ARRAY_SIZE(count, size), alignment
#define SEEP_TAKES_HEAP_TEXT (void *heap, const char *text), (heap, text), strlen(text) + 1, 0
#define SEEP_TAKES_HEAP_TEXT_MOST                                                                                      \
	(void *heap, const char *text, size_t most), (heap, text, most), strnlen(text, most) + 1, 0
#define SEEP_TAKES_HEAP_OLD_SIZE (void *heap, void *old, size_t size), (heap, old, size), size, 0
#define SEEP_TAKES_HEAP_OLD_SIZE_ALIGNMENT                                                                             \
	(void *heap, void *old, size_t size, size_t alignment), (heap, old, size, alignment), size, alignment
#define SEEP_TAKES_HEAP_OLD_SIZE_ALIGNMENT_OFFSET                                                                      \
	(void *heap, void *old, size_t size, size_t alignment, size_t offset), (heap, old, size, alignment, offset),   \
	    size, alignment
#define SEEP_TAKES_HEAP_OLD_COUNT_SIZE                                                                                 \
	(void *heap, void *old, size_t count, size_t size), (heap, old, count, size), SEEP_ARRAY_SIZE(count, size), 0
#define SEEP_TAKES_HEAP_OLD_COUNT_SIZE_ALIGNMENT                                                                       \
	(void *heap, void *old, size_t count, size_t size, size_t alignment), (heap, old, count, size, alignment),     \
	    SEEP_ARRAY_SIZE(count, size), alignment
#define SEEP_TAKES_HEAP_OLD_COUNT_SIZE_ALIGNMENT_OFFSET                                                                \
	(void *heap, void *old, size_t count, size_t size, size_t alignment, size_t offset),                           \
	    (heap, old, count, size, alignment, offset), SEEP_ARRAY_SIZE(count, size), alignment

#define SEEP_ENTRY_POINTS_OF_C(X)                                                                                      \
	X(malloc, ALLOCATE, BY_HAND, SIZE, 0)                                                                          \
	X(calloc, ALLOCATE, FAST, COUNT_SIZE, SEEP_ZEROED)                                                             \
	X(realloc, RESIZE, FAST, OLD_SIZE, 0)                                                                          \
	X(reallocarray, RESIZE, BY_HAND, OLD_COUNT_SIZE, 0)                                                            \
	X(free, RELEASE, FAST, ADDRESS, 0)                                                                             \
	X(free_sized, RELEASE, FAST, ADDRESS_SIZE, 0)                                                                  \
	X(free_aligned_sized, RELEASE, FAST, ADDRESS_ALIGNMENT_SIZE, 0)                                                \
	X(posix_memalign, POSIX, NESTED, RESULT_ALIGNMENT_SIZE, 0)                                                     \
	X(aligned_alloc, ALLOCATE, NESTED, ALIGNMENT_SIZE, 0)                                                          \
	X(memalign, ALLOCATE, NESTED, ALIGNMENT_SIZE, 0)                                                               \
	X(valloc, ALLOCATE, NESTED, SIZE_IN_PAGES, 0)                                                                  \
	X(pvalloc, ALLOCATE, NESTED, SIZE_IN_PAGES, SEEP_ROUNDED)                                                      \
	X(malloc_usable_size, MEASURE, FAST, ADDRESS, 0)

#define SEEP_ENTRY_POINTS_OF_CXX(X)                                                                                    \
	X(_Znwm, ALLOCATE, CXX, SIZE, SEEP_THROWS)                                                                     \
	X(_Znam, ALLOCATE, CXX, SIZE, SEEP_THROWS)                                                                     \
	X(_ZnwmRKSt9nothrow_t, ALLOCATE, CXX, SIZE_TAG, 0)                                                             \
	X(_ZnamRKSt9nothrow_t, ALLOCATE, CXX, SIZE_TAG, 0)                                                             \
	X(_ZnwmSt11align_val_t, ALLOCATE, CXX, SIZE_ALIGNMENT, SEEP_THROWS)                                            \
	X(_ZnamSt11align_val_t, ALLOCATE, CXX, SIZE_ALIGNMENT, SEEP_THROWS)                                            \
	X(_ZnwmSt11align_val_tRKSt9nothrow_t, ALLOCATE, CXX, SIZE_ALIGNMENT_TAG, 0)                                    \
	X(_ZnamSt11align_val_tRKSt9nothrow_t, ALLOCATE, CXX, SIZE_ALIGNMENT_TAG, 0)                                    \
	X(_ZdlPv, RELEASE, CXX, ADDRESS, 0)                                                                            \
	X(_ZdaPv, RELEASE, CXX, ADDRESS, 0)                                                                            \
	X(_ZdlPvm, RELEASE, CXX, ADDRESS_SIZE, 0)                                                                      \
	X(_ZdaPvm, RELEASE, CXX, ADDRESS_SIZE, 0)                                                                      \
	X(_ZdlPvRKSt9nothrow_t, RELEASE, CXX, ADDRESS_TAG, 0)                                                          \
	X(_ZdaPvRKSt9nothrow_t, RELEASE, CXX, ADDRESS_TAG, 0)                                                          \
	X(_ZdlPvSt11align_val_t, RELEASE, CXX, ADDRESS_ALIGNMENT, 0)                                                   \
	X(_ZdaPvSt11align_val_t, RELEASE, CXX, ADDRESS_ALIGNMENT, 0)                                                   \
	X(_ZdlPvmSt11align_val_t, RELEASE, CXX, ADDRESS_SIZE_ALIGNMENT, 0)                                             \
	X(_ZdaPvmSt11align_val_t, RELEASE, CXX, ADDRESS_SIZE_ALIGNMENT, 0)                                             \
	X(_ZdlPvSt11align_val_tRKSt9nothrow_t, RELEASE, CXX, ADDRESS_ALIGNMENT_TAG, 0)                                 \
	X(_ZdaPvSt11align_val_tRKSt9nothrow_t, RELEASE, CXX, ADDRESS_ALIGNMENT_TAG, 0)

#define SEEP_ENTRY_POINTS_OF_JEMALLOC(X)                                                                               \
	X(mallocx, ALLOCATE, FAST, SIZE_FLAGS, SEEP_ZEROED_BY_FLAGS)                                                   \
	X(rallocx, RESIZE, FAST, OLD_SIZE_FLAGS, SEEP_ZEROED_BY_FLAGS)                                                 \
	X(xallocx, MEASURE, BY_HAND, ADDRESS_SIZE_EXTRA_FLAGS, 0)                                                      \
	X(sallocx, MEASURE, FAST, ADDRESS_FLAGS, 0)                                                                    \
	X(dallocx, RELEASE, FAST, ADDRESS_FLAGS, 0)                                                                    \
	X(sdallocx, RELEASE, FAST, ADDRESS_SIZE_FLAGS, 0)

/* tcmalloc's of gperftools. */
#define SEEP_ENTRY_POINTS_OF_TCMALLOC(X)                                                                               \
	X(tc_malloc, ALLOCATE, NESTED, SIZE, 0)                                                                        \
	X(tc_malloc_skip_new_handler, ALLOCATE, NESTED, SIZE, 0)                                                       \
	X(tc_calloc, ALLOCATE, NESTED, COUNT_SIZE, SEEP_ZEROED)                                                        \
	X(tc_realloc, RESIZE, NESTED, OLD_SIZE, 0)                                                                     \
	X(tc_memalign, ALLOCATE, NESTED, ALIGNMENT_SIZE, 0)                                                            \
	X(tc_posix_memalign, POSIX, NESTED, RESULT_ALIGNMENT_SIZE, 0)                                                  \
	X(tc_valloc, ALLOCATE, NESTED, SIZE_IN_PAGES, 0)                                                               \
	X(tc_pvalloc, ALLOCATE, NESTED, SIZE_IN_PAGES, SEEP_ROUNDED)                                                   \
	X(tc_new, ALLOCATE, NESTED, SIZE, SEEP_THROWS)                                                                 \
	X(tc_newarray, ALLOCATE, NESTED, SIZE, SEEP_THROWS)                                                            \
	X(tc_new_nothrow, ALLOCATE, NESTED, SIZE_TAG, 0)                                                               \
	X(tc_newarray_nothrow, ALLOCATE, NESTED, SIZE_TAG, 0)                                                          \
	X(tc_new_aligned, ALLOCATE, NESTED, SIZE_ALIGNMENT, SEEP_THROWS)                                               \
	X(tc_newarray_aligned, ALLOCATE, NESTED, SIZE_ALIGNMENT, SEEP_THROWS)                                          \
	X(tc_new_aligned_nothrow, ALLOCATE, NESTED, SIZE_ALIGNMENT_TAG, 0)                                             \
	X(tc_newarray_aligned_nothrow, ALLOCATE, NESTED, SIZE_ALIGNMENT_TAG, 0)                                        \
	X(tc_free, RELEASE, FAST, ADDRESS, 0)                                                                          \
	X(tc_cfree, RELEASE, FAST, ADDRESS, 0)                                                                         \
	X(tc_free_sized, RELEASE, FAST, ADDRESS_SIZE, 0)                                                               \
	X(tc_delete, RELEASE, FAST, ADDRESS, 0)                                                                        \
	X(tc_deletearray, RELEASE, FAST, ADDRESS, 0)                                                                   \
	X(tc_delete_sized, RELEASE, FAST, ADDRESS_SIZE, 0)                                                             \
	X(tc_deletearray_sized, RELEASE, FAST, ADDRESS_SIZE, 0)                                                        \
	X(tc_delete_nothrow, RELEASE, FAST, ADDRESS_TAG, 0)                                                            \
	X(tc_deletearray_nothrow, RELEASE, FAST, ADDRESS_TAG, 0)                                                       \
	X(tc_delete_aligned, RELEASE, FAST, ADDRESS_ALIGNMENT, 0)                                                      \
	X(tc_deletearray_aligned, RELEASE, FAST, ADDRESS_ALIGNMENT, 0)                                                 \
	X(tc_delete_sized_aligned, RELEASE, FAST, ADDRESS_SIZE_ALIGNMENT, 0)                                           \
	X(tc_deletearray_sized_aligned, RELEASE, FAST, ADDRESS_SIZE_ALIGNMENT, 0)                                      \
	X(tc_delete_aligned_nothrow, RELEASE, FAST, ADDRESS_ALIGNMENT_TAG, 0)                                          \
	X(tc_deletearray_aligned_nothrow, RELEASE, FAST, ADDRESS_ALIGNMENT_TAG, 0)

/* What mimalloc has twice: for the default heap, and for one that the program names. */
#define SEEP_ENTRY_POINTS_OF_A_HEAP(X, prefix, heap)                                                                   \
	X(prefix##malloc, ALLOCATE, NESTED, heap##SIZE, 0)                                                             \
	X(prefix##malloc_small, ALLOCATE, NESTED, heap##SIZE, 0)                                                       \
	X(prefix##zalloc, ALLOCATE, NESTED, heap##SIZE, SEEP_ZEROED)                                                   \
	X(prefix##calloc, ALLOCATE, NESTED, heap##COUNT_SIZE, SEEP_ZEROED)                                             \
	X(prefix##mallocn, ALLOCATE, NESTED, heap##COUNT_SIZE, 0)                                                      \
	X(prefix##malloc_aligned, ALLOCATE, NESTED, heap##SIZE_ALIGNMENT, 0)                                           \
	X(prefix##zalloc_aligned, ALLOCATE, NESTED, heap##SIZE_ALIGNMENT, SEEP_ZEROED)                                 \
	X(prefix##calloc_aligned, ALLOCATE, NESTED, heap##COUNT_SIZE_ALIGNMENT, SEEP_ZEROED)                           \
	X(prefix##malloc_aligned_at, ALLOCATE, NESTED, heap##SIZE_ALIGNMENT_OFFSET, 0)                                 \
	X(prefix##zalloc_aligned_at, ALLOCATE, NESTED, heap##SIZE_ALIGNMENT_OFFSET, SEEP_ZEROED)                       \
	X(prefix##calloc_aligned_at, ALLOCATE, NESTED, heap##COUNT_SIZE_ALIGNMENT_OFFSET, SEEP_ZEROED)                 \
	X(prefix##realloc, RESIZE, NESTED, heap##OLD_SIZE, 0)                                                          \
	X(prefix##rezalloc, RESIZE, NESTED, heap##OLD_SIZE, SEEP_ZEROED)                                               \
	X(prefix##reallocf, RESIZE, NESTED, heap##OLD_SIZE, SEEP_FREES_OLD)                                            \
	X(prefix##reallocn, RESIZE, NESTED, heap##OLD_COUNT_SIZE, 0)                                                   \
	X(prefix##recalloc, RESIZE, NESTED, heap##OLD_COUNT_SIZE, SEEP_ZEROED)                                         \
	X(prefix##realloc_aligned, RESIZE, NESTED, heap##OLD_SIZE_ALIGNMENT, 0)                                        \
	X(prefix##rezalloc_aligned, RESIZE, NESTED, heap##OLD_SIZE_ALIGNMENT, SEEP_ZEROED)                             \
	X(prefix##recalloc_aligned, RESIZE, NESTED, heap##OLD_COUNT_SIZE_ALIGNMENT, SEEP_ZEROED)                       \
	X(prefix##realloc_aligned_at, RESIZE, NESTED, heap##OLD_SIZE_ALIGNMENT_OFFSET, 0)                              \
	X(prefix##rezalloc_aligned_at, RESIZE, NESTED, heap##OLD_SIZE_ALIGNMENT_OFFSET, SEEP_ZEROED)                   \
	X(prefix##recalloc_aligned_at, RESIZE, NESTED, heap##OLD_COUNT_SIZE_ALIGNMENT_OFFSET, SEEP_ZEROED)             \
	X(prefix##strdup, TEXT, NESTED, heap##TEXT, 0)                                                                 \
	X(prefix##strndup, TEXT, NESTED, heap##TEXT_MOST, 0)

#define SEEP_ENTRY_POINTS_OF_MIMALLOC(X)                                                                               \
	SEEP_ENTRY_POINTS_OF_A_HEAP(X, mi_, )                                                                          \
	SEEP_ENTRY_POINTS_OF_A_HEAP(X, mi_heap_, HEAP_)                                                                \
	X(mi_zalloc_small, ALLOCATE, NESTED, SIZE, SEEP_ZEROED)                                                        \
	X(mi_memalign, ALLOCATE, NESTED, ALIGNMENT_SIZE, 0)                                                            \
	X(mi_aligned_alloc, ALLOCATE, NESTED, ALIGNMENT_SIZE, 0)                                                       \
	X(mi_posix_memalign, POSIX, NESTED, RESULT_ALIGNMENT_SIZE, 0)                                                  \
	X(mi_valloc, ALLOCATE, NESTED, SIZE_IN_PAGES, 0)                                                               \
	X(mi_pvalloc, ALLOCATE, NESTED, SIZE_IN_PAGES, SEEP_ROUNDED)                                                   \
	X(mi_reallocarray, RESIZE, NESTED, OLD_COUNT_SIZE, 0)                                                          \
	X(mi_new, ALLOCATE, NESTED, SIZE, SEEP_THROWS)                                                                 \
	X(mi_new_n, ALLOCATE, NESTED, COUNT_SIZE, SEEP_THROWS)                                                         \
	X(mi_new_nothrow, ALLOCATE, NESTED, SIZE, 0)                                                                   \
	X(mi_new_aligned, ALLOCATE, NESTED, SIZE_ALIGNMENT, SEEP_THROWS)                                               \
	X(mi_new_aligned_nothrow, ALLOCATE, NESTED, SIZE_ALIGNMENT, 0)                                                 \
	X(mi_new_realloc, RESIZE, NESTED, OLD_SIZE, SEEP_THROWS)                                                       \
	X(mi_new_reallocn, RESIZE, NESTED, OLD_COUNT_SIZE, SEEP_THROWS)                                                \
	X(mi_heap_alloc_new, ALLOCATE, NESTED, HEAP_SIZE, SEEP_THROWS)                                                 \
	X(mi_heap_alloc_new_n, ALLOCATE, NESTED, HEAP_COUNT_SIZE, SEEP_THROWS)                                         \
	X(mi_heap_destroy, DESTROY, BY_HAND, HEAP, 0)                                                                  \
	X(mi_free, RELEASE, FAST, ADDRESS, 0)                                                                          \
	X(mi_free_size, RELEASE, FAST, ADDRESS_SIZE, 0)                                                                \
	X(mi_free_aligned, RELEASE, FAST, ADDRESS_ALIGNMENT, 0)                                                        \
	X(mi_free_size_aligned, RELEASE, FAST, ADDRESS_SIZE_ALIGNMENT, 0)

/* What Rust's compiler makes for a program with an allocator of its own. Nobody can stand in front of these; they are hooked
 * where they are, or not at all (preload/shim/hooks/linked.c). */
#define SEEP_ENTRY_POINTS_OF_RUST(X)                                                                                   \
	X(__rust_alloc, ALLOCATE, NESTED, SIZE_ALIGNMENT, 0)                                                           \
	X(__rust_alloc_zeroed, ALLOCATE, NESTED, SIZE_ALIGNMENT, SEEP_ZEROED)                                          \
	X(__rust_realloc, RESIZE, NESTED, OLD_BEFORE_ALIGNMENT_SIZE, 0)                                                \
	X(__rust_dealloc, RELEASE, FAST, ADDRESS_SIZE_ALIGNMENT, 0)

/* The allocators that have an API of their own; X(title, rows). */
#define SEEP_ALLOCATOR_APIS(X)                                                                                         \
	X("jemalloc", SEEP_ENTRY_POINTS_OF_JEMALLOC)                                                                   \
	X("tcmalloc", SEEP_ENTRY_POINTS_OF_TCMALLOC)                                                                   \
	X("mimalloc", SEEP_ENTRY_POINTS_OF_MIMALLOC)

#define SEEP_ENTRY_POINTS_OF_ALLOCATORS(X)                                                                             \
	SEEP_ENTRY_POINTS_OF_JEMALLOC(X)                                                                               \
	SEEP_ENTRY_POINTS_OF_TCMALLOC(X)                                                                               \
	SEEP_ENTRY_POINTS_OF_MIMALLOC(X)

#define SEEP_ENTRY_POINTS(X)                                                                                           \
	SEEP_ENTRY_POINTS_OF_C(X)                                                                                      \
	SEEP_ENTRY_POINTS_OF_CXX(X)                                                                                    \
	SEEP_ENTRY_POINTS_OF_ALLOCATORS(X)
/* clang-format on */

#endif
