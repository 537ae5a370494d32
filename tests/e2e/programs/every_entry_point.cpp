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

bool is_jemalloc;
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

/* What fails counts nothing, and neither does a look at a size. */
SITE void site_failing()
{
	for (int i = 0; i < CALLS; i++) {
		void *memory = got(malloc(10), 10);
		if (malloc(too_much) || calloc(too_much, 2) || aligned_alloc(64, too_much) || memalign(64, too_much) ||
		    valloc(too_much) || pvalloc(too_much))
			abort();
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
	is_jemalloc = dlsym(RTLD_DEFAULT, "mallctl");
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
