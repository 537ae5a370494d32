/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls every entry point of an allocator a known number of times, each from a
 * site of its own, and gives part of it back by every way there is.
 *
 *	every_entry_point DIRECTORY		the account is in truth.end (truth.h)
 *
 * A realloc is a free and an allocation of the whole new size. What pvalloc
 * and valloc round up is not counted: bytes are what was asked for.
 */
#include <cerrno>
#include <dlfcn.h>
#include <malloc.h>
#include <new>

#include "truth.h"

namespace
{

enum { CALLS = 100, KEPT = 37 }; /* of each kind of call; of those, how many stay */

bool is_jemalloc, is_tcmalloc, is_mimalloc;
truth_site *site;
void *volatile kept;
volatile size_t too_much = SIZE_MAX - 4096;

/* Counts an allocation of `size` bytes at the site that runs. */
void *got(void *memory, size_t size)
{
	if (!memory)
		abort();
	truth_allocated(site, size);
	kept = memory;
	return memory;
}

#define FREE_SOME(size, call)                                                                                          \
	if (i >= KEPT) {                                                                                               \
		call;                                                                                                  \
		truth_freed(site, size);                                                                               \
	}

SITE void site_malloc()
{
	for (int i = 0; i < CALLS; i++) {
		void *memory = got(malloc((size_t)i), (size_t)i);
		FREE_SOME((size_t)i, free(memory))
	}
}

SITE void site_calloc()
{
	for (int i = 0; i < CALLS; i++) {
		void *memory = got(calloc((size_t)i, 3), (size_t)i * 3);
		FREE_SOME((size_t)i * 3, free(memory))
	}
}

SITE void site_realloc()
{
	for (int i = 0; i < CALLS; i++) {
		void *memory = nullptr;
		size_t before = 0;
		for (size_t size = 10; size < 3000; size = size * 2 + (size_t)i) {
			memory = got(realloc(memory, size), size);
			if (before)
				truth_freed(site, before);
			before = size;
		}
		if (realloc(memory, too_much)) /* fails, and changes nothing */
			abort();
		FREE_SOME(before, free(memory))
	}
}

SITE void site_realloc_to_nothing()
{
	for (int i = 0; i < CALLS; i++) {
		void *memory = got(malloc(40), 40), *nothing = realloc(memory, 0);
		truth_freed(site, 40);
		if (nothing) { /* mimalloc */
			got(nothing, 0);
			FREE_SOME(0, free(nothing))
		}
	}
}

SITE void site_reallocarray()
{
	for (int i = 0; i < CALLS; i++) {
		void *memory = got(reallocarray(nullptr, 5, 7), 35);
		memory = got(reallocarray(memory, 50, 11), 550);
		truth_freed(site, 35);
		if (reallocarray(memory, too_much, 3))
			abort();
		FREE_SOME(550, free(memory))
	}
}

SITE void site_posix_memalign()
{
	for (int i = 0; i < CALLS; i++) {
		void *memory = nullptr;
		if (posix_memalign(&memory, 64, 200))
			abort();
		got(memory, 200);
		if (posix_memalign(&memory, 3, 200) != EINVAL)
			abort();
		FREE_SOME(200, free(memory))
	}
}

SITE void site_aligned_alloc()
{
	for (int i = 0; i < CALLS; i++) {
		void *memory = got(aligned_alloc(128, 256), 256);
		FREE_SOME(256, free(memory))
	}
}

SITE void site_memalign()
{
	for (int i = 0; i < CALLS; i++) {
		void *memory = got(memalign(256, 300), 300);
		FREE_SOME(300, free(memory))
	}
}

SITE void site_valloc()
{
	for (int i = 0; i < CALLS; i++) {
		void *memory = got(valloc(50), 50);
		FREE_SOME(50, free(memory))
	}
}

SITE void site_pvalloc()
{
	for (int i = 0; i < CALLS; i++) {
		void *memory = got(pvalloc(60), 60);
		if (!is_jemalloc) /* which has none: libc's comes, and jemalloc's free does not know it */
			FREE_SOME(60, free(memory))
	}
}

SITE void site_free_sized()
{
	auto *sized = (void (*)(void *, size_t))dlsym(RTLD_DEFAULT, "free_sized");
	auto *aligned = (void (*)(void *, size_t, size_t))dlsym(RTLD_DEFAULT, "free_aligned_sized");
	for (int i = 0; i < CALLS; i++) {
		void *memory = got(malloc(70), 70), *wide = got(aligned_alloc(64, 128), 128);
		FREE_SOME(70, sized ? sized(memory, 70) : free(memory))
		FREE_SOME(128, aligned ? aligned(wide, 64, 128) : free(wide))
	}
}

SITE void site_jemalloc()
{
	if (!is_jemalloc)
		return;
	auto *mallocx = (void *(*)(size_t, int))dlsym(RTLD_DEFAULT, "mallocx");
	auto *rallocx = (void *(*)(void *, size_t, int))dlsym(RTLD_DEFAULT, "rallocx");
	auto *xallocx = (size_t(*)(void *, size_t, size_t, int))dlsym(RTLD_DEFAULT, "xallocx");
	auto *sallocx = (size_t(*)(const void *, int))dlsym(RTLD_DEFAULT, "sallocx");
	auto *dallocx = (void (*)(void *, int))dlsym(RTLD_DEFAULT, "dallocx");
	auto *sdallocx = (void (*)(void *, size_t, int))dlsym(RTLD_DEFAULT, "sdallocx");
	for (int i = 0; i < CALLS; i++) {
		void *memory = got(mallocx(90, 0), 90);
		memory = got(rallocx(memory, 20000, 0), 20000);
		truth_freed(site, 90);
		if (xallocx(memory, 20480, 0, 0) != sallocx(memory, 0)) /* it has as much already: nothing changes */
			abort();
		FREE_SOME(20000, i % 2 ? dallocx(memory, 0) : sdallocx(memory, 20000, 0))
		/* whatever it grows or shrinks to in place is what was allocated */
		void *large = got(mallocx(100000, 0), 100000);
		size_t before = sallocx(large, 0), after = xallocx(large, 60000, 0, 0);
		if (after != before) {
			truth_freed(site, 100000);
			truth_allocated(site, after);
		}
		FREE_SOME(after != before ? after : 100000, free(large))
	}
}

/* An allocator's own function, as the libraries behind the shim have it; through the shim where that interposes it. */
template <typename Type> Type *own(const char *name)
{
	auto *found = (Type *)dlsym(RTLD_DEFAULT, name);
	if (!found)
		abort();
	return found;
}

/* Own functions and C's in turn, each giving back what another gave. */
SITE void site_tcmalloc()
{
	if (!is_tcmalloc)
		return;
	auto *tc_malloc = own<void *(size_t)>("tc_malloc");
	auto *tc_calloc = own<void *(size_t, size_t)>("tc_calloc");
	auto *tc_realloc = own<void *(void *, size_t)>("tc_realloc");
	auto *tc_memalign = own<void *(size_t, size_t)>("tc_memalign");
	auto *tc_valloc = own<void *(size_t)>("tc_valloc");
	auto *tc_pvalloc = own<void *(size_t)>("tc_pvalloc");
	auto *tc_posix_memalign = own<int(void **, size_t, size_t)>("tc_posix_memalign");
	auto *tc_free = own<void(void *)>("tc_free");
	auto *tc_free_sized = own<void(void *, size_t)>("tc_free_sized");
	for (int i = 0; i < CALLS; i++) {
		void *memory = got(tc_malloc(301), 301);
		FREE_SOME(301, i % 2 ? free(memory) : tc_free(memory))
		memory = got(malloc(302), 302);
		FREE_SOME(302, i % 2 ? tc_free(memory) : tc_free_sized(memory, 302))
		memory = got(tc_calloc(3, 101), 303);
		memory = got(tc_realloc(memory, 5000), 5000);
		truth_freed(site, 303);
		memory = got(realloc(memory, 9000), 9000);
		truth_freed(site, 5000);
		if (tc_realloc(memory, too_much) || tc_malloc(too_much) || tc_calloc(too_much, 2))
			abort();
		FREE_SOME(9000, tc_free(memory))
		memory = got(tc_memalign(64, 304), 304);
		FREE_SOME(304, own<void(void *)>("tc_cfree")(memory))
		memory = got(tc_valloc(305), 305);
		FREE_SOME(305, free(memory))
		memory = got(tc_pvalloc(306), 306);
		FREE_SOME(306, tc_free(memory))
		if (tc_posix_memalign(&memory, 128, 307))
			abort();
		got(memory, 307);
		FREE_SOME(307, tc_free(memory))
	}
}

SITE void site_tcmalloc_new()
{
	if (!is_tcmalloc)
		return;
	const std::nothrow_t *tag = &std::nothrow;
	for (int i = 0; i < CALLS; i++) {
		void *memory = got(own<void *(size_t)>("tc_new")(311), 311);
		FREE_SOME(311, own<void(void *)>("tc_delete")(memory))
		memory = got(own<void *(size_t)>("tc_newarray")(312), 312);
		FREE_SOME(312, own<void(void *, size_t)>("tc_deletearray_sized")(memory, 312))
		memory = got(own<void *(size_t, const void *)>("tc_new_nothrow")(313, tag), 313);
		FREE_SOME(313, ::operator delete(memory))
		memory = got(own<void *(size_t, size_t)>("tc_new_aligned")(320, 64), 320);
		FREE_SOME(320, own<void(void *, size_t)>("tc_delete_aligned")(memory, 64))
		memory = got(::operator new(314), 314);
		FREE_SOME(314, own<void(void *, const void *)>("tc_delete_nothrow")(memory, tag))
	}
}

SITE void site_mimalloc()
{
	if (!is_mimalloc)
		return;
	auto *mi_malloc = own<void *(size_t)>("mi_malloc");
	auto *mi_zalloc = own<void *(size_t)>("mi_zalloc");
	auto *mi_mallocn = own<void *(size_t, size_t)>("mi_mallocn");
	auto *mi_calloc = own<void *(size_t, size_t)>("mi_calloc");
	auto *mi_realloc = own<void *(void *, size_t)>("mi_realloc");
	auto *mi_reallocf = own<void *(void *, size_t)>("mi_reallocf");
	auto *mi_reallocn = own<void *(void *, size_t, size_t)>("mi_reallocn");
	auto *mi_free = own<void(void *)>("mi_free");
	auto *mi_free_size = own<void(void *, size_t)>("mi_free_size");
	for (int i = 0; i < CALLS; i++) {
		void *memory = got(mi_malloc(301), 301);
		FREE_SOME(301, i % 2 ? free(memory) : mi_free(memory))
		memory = got(malloc(302), 302);
		FREE_SOME(302, i % 2 ? mi_free(memory) : mi_free_size(memory, 302))
		memory = got(mi_zalloc(303), 303);
		FREE_SOME(303, free(memory))
		memory = got(mi_mallocn(4, 76), 304);
		FREE_SOME(304, mi_free(memory))
		memory = got(mi_calloc(5, 61), 305);
		memory = got(mi_realloc(memory, 5000), 5000);
		truth_freed(site, 305);
		memory = got(mi_reallocn(memory, 3, 3000), 9000);
		truth_freed(site, 5000);
		memory = got(realloc(memory, 20000), 20000);
		truth_freed(site, 9000);
		if (mi_realloc(memory, too_much) || mi_malloc(too_much) || mi_calloc(too_much, 2))
			abort();
		if (i >= KEPT && mi_reallocf(memory, too_much)) /* fails, and frees */
			abort();
		if (i >= KEPT)
			truth_freed(site, 20000);
		memory = got(own<char *(const char *)>("mi_strdup")("eleven of t"), 12);
		FREE_SOME(12, free(memory))
		memory = got(own<char *(const char *, size_t)>("mi_strndup")("eleven of t", 6), 7);
		FREE_SOME(7, mi_free(memory))
		/* into a heap that takes it away: from there on it is not seen */
		memory = got(malloc(306), 306);
		void *heap = own<void *()>("mi_heap_new")();
		memory = own<void *(void *, void *, size_t)>("mi_heap_realloc")(heap, memory, 70000);
		truth_freed(site, 306);
		own<void(void *)>("mi_heap_destroy")(heap);
	}
}

SITE void site_mimalloc_aligned()
{
	if (!is_mimalloc)
		return;
	typedef void *two(size_t, size_t);
	auto *free_aligned = own<void(void *, size_t)>("mi_free_aligned");
	for (int i = 0; i < CALLS; i++) {
		void *memory = got(own<two>("mi_malloc_aligned")(311, 64), 311);
		FREE_SOME(311, free_aligned(memory, 64))
		memory = got(own<two>("mi_zalloc_aligned")(312, 4096), 312);
		FREE_SOME(312, free(memory))
		memory = got(own<two>("mi_memalign")(64, 313), 313);
		FREE_SOME(313, free(memory))
		memory = got(own<two>("mi_aligned_alloc")(64, 320), 320);
		FREE_SOME(320, own<void(void *, size_t, size_t)>("mi_free_size_aligned")(memory, 320, 64))
		memory = got(own<void *(size_t)>("mi_valloc")(314), 314);
		memory = got(own<void *(void *, size_t, size_t)>("mi_realloc_aligned")(memory, 7000, 4096), 7000);
		truth_freed(site, 314);
		FREE_SOME(7000, free(memory))
		memory = got(own<void *(size_t)>("mi_pvalloc")(315), 315);
		FREE_SOME(315, free(memory))
		if (own<int(void **, size_t, size_t)>("mi_posix_memalign")(&memory, 128, 316))
			abort();
		got(memory, 316);
		FREE_SOME(316, free(memory))
		memory = got(own<void *(size_t)>("mi_new")(317), 317);
		FREE_SOME(317, ::operator delete(memory))
		memory = got(own<two>("mi_new_aligned")(384, 128), 384);
		FREE_SOME(384, own<void(void *)>("mi_free")(memory))
		memory = got(own<two>("mi_new_aligned_nothrow")(384, 128), 384);
		FREE_SOME(384, own<void(void *)>("mi_free")(memory))
		memory = got(own<void *(void *, size_t, size_t)>("mi_new_reallocn")(nullptr, 3, 107), 321);
		FREE_SOME(321, own<void(void *)>("mi_free")(memory))
	}
}

#define SITE_NEW(name, size, allocate, release)                                                                        \
	SITE void site_##name()                                                                                        \
	{                                                                                                              \
		for (int i = 0; i < CALLS; i++) {                                                                      \
			void *memory = got(allocate, size);                                                            \
			FREE_SOME(size, release)                                                                       \
		}                                                                                                      \
	}

/* libstdc++ rounds aligned sizes up to the alignment before it asks malloc: these are round. */
constexpr std::align_val_t wide{64};
SITE_NEW(new, 111, ::operator new(111), ::operator delete(memory))
SITE_NEW(new_array, 112, ::operator new[](112), ::operator delete[](memory))
SITE_NEW(new_nothrow, 113, ::operator new(113, std::nothrow), ::operator delete(memory, std::nothrow))
SITE_NEW(new_array_nothrow, 114, ::operator new[](114, std::nothrow), ::operator delete[](memory, std::nothrow))
SITE_NEW(new_aligned, 128, ::operator new(128, wide), ::operator delete(memory, wide))
SITE_NEW(new_array_aligned, 192, ::operator new[](192, wide), ::operator delete[](memory, wide))
SITE_NEW(new_aligned_nothrow, 256, ::operator new(256, wide, std::nothrow),
	 ::operator delete(memory, wide, std::nothrow))
SITE_NEW(new_array_aligned_nothrow, 320, ::operator new[](320, wide, std::nothrow),
	 ::operator delete[](memory, wide, std::nothrow))
SITE_NEW(delete_sized, 119, ::operator new(119), ::operator delete(memory, 119))
SITE_NEW(delete_array_sized, 120, ::operator new[](120), ::operator delete[](memory, 120))
SITE_NEW(delete_aligned_sized, 256, ::operator new(256, wide), ::operator delete(memory, 256, wide))
SITE_NEW(delete_array_aligned_sized, 320, ::operator new[](320, wide), ::operator delete[](memory, 320, wide))

/* Calls each way to get memory that the process has with a size that no allocator has. */
void fail_everywhere(volatile size_t size)
{
	void *memory = malloc(24), *old = memory;
	bool got_some = malloc(size) || calloc(size, 2) || calloc(1, size) || realloc(nullptr, size) ||
			realloc(memory, size) || reallocarray(memory, size, 1) || aligned_alloc(64, size & ~(size_t)63) ||
			memalign(64, size) || valloc(size) || pvalloc(size) || !posix_memalign(&memory, 64, size);
	if (is_jemalloc || is_tcmalloc || is_mimalloc) /* libstdc++'s throw and catch, and exceptions are allocated */
		got_some |= ::operator new(size, std::nothrow) || ::operator new[](size, std::nothrow);
	if (is_jemalloc && size > (size_t)PTRDIFF_MAX) /* which asserts smaller ones in some builds */
		got_some |= own<void *(size_t, int)>("mallocx")(size, 0) || own<void *(void *, size_t, int)>("rallocx")(old, size, 0);
	if (is_tcmalloc)
		got_some |= own<void *(size_t)>("tc_malloc")(size) || own<void *(size_t, size_t)>("tc_calloc")(size, 1) ||
			    own<void *(void *, size_t)>("tc_realloc")(old, size) ||
			    own<void *(size_t, size_t)>("tc_memalign")(64, size) ||
			    own<void *(size_t, const void *)>("tc_new_nothrow")(size, &std::nothrow);
	if (is_mimalloc)
		got_some |= own<void *(size_t)>("mi_malloc")(size) || own<void *(size_t, size_t)>("mi_calloc")(size, 1) ||
			    own<void *(void *, size_t)>("mi_realloc")(old, size) ||
			    own<void *(size_t, size_t)>("mi_malloc_aligned")(size, 64) ||
			    own<void *(size_t)>("mi_new_nothrow")(size);
	if (got_some)
		abort();
	got(old, 24);
}

/* What fails counts nothing, and neither does a look at a size. */
SITE void site_failing()
{
	static const size_t sizes[] = {too_much, SIZE_MAX / 2, SIZE_MAX / 2 + 1, SIZE_MAX / 4, SIZE_MAX / 3,
				       (size_t)1 << 60, (size_t)1 << 48, ((size_t)1 << 52) + 12345, (size_t)-5000,
				       (size_t)-40000, (size_t)-1000000000};
	for (int i = 0; i < CALLS; i++) {
		void *memory = got(malloc(10), 10);
		fail_everywhere(sizes[i % (sizeof sizes / sizeof *sizes)]);
		got(malloc(i % 2 ? 40000 : 65535), i % 2 ? 40000 : 65535);
		if (malloc_usable_size(memory) < 10)
			abort();
	}
}

#define RUN(name)                                                                                                      \
	site = truth_add("site_" #name);                                                                               \
	site_##name();

} // namespace

int main(int argc, char **argv)
{
	truth_directory = argc > 1 ? argv[1] : nullptr;
	/* by names that the shim does not have */
	is_jemalloc = dlsym(RTLD_DEFAULT, "mallctl");
	is_tcmalloc = dlsym(RTLD_DEFAULT, "tc_version");
	is_mimalloc = dlsym(RTLD_DEFAULT, "mi_version");
	RUN(malloc)
	RUN(calloc)
	RUN(realloc)
	RUN(realloc_to_nothing)
	RUN(reallocarray)
	RUN(posix_memalign)
	RUN(aligned_alloc)
	RUN(memalign)
	RUN(valloc)
	RUN(pvalloc)
	RUN(free_sized)
	RUN(jemalloc)
	RUN(tcmalloc)
	RUN(tcmalloc_new)
	RUN(mimalloc)
	RUN(mimalloc_aligned)
	RUN(new)
	RUN(new_array)
	RUN(new_nothrow)
	RUN(new_array_nothrow)
	RUN(new_aligned)
	RUN(new_array_aligned)
	RUN(new_aligned_nothrow)
	RUN(new_array_aligned_nothrow)
	RUN(delete_sized)
	RUN(delete_array_sized)
	RUN(delete_aligned_sized)
	RUN(delete_array_aligned_sized)
	RUN(failing)
	truth_write("end");
	return 0;
}
