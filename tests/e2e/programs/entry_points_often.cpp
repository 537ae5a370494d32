/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls each entry point of an allocator so often that an estimate at a coarse rate can be held against the truth: 256
 *MiB at each, in blocks of three sizes, a quarter of which stays alive. The account is in truth.end (truth.h).
 *
 *	entry_points_often DIRECTORY
 */
#include <cstring>
#include <dlfcn.h>
#include <malloc.h>
#include <new>

#include "truth.h"

namespace
{

constexpr size_t SIZES[] = {200 << 10, 40 << 10, 8 << 10}; /* all multiples of 64 */
constexpr size_t TOTAL = 256 << 20;
truth_site *site;

template <typename Type> Type *own(const char *name)
{
	return (Type *)dlsym(RTLD_DEFAULT, name);
}

/* Not touched: the address space is all that it takes. */
template <typename Allocate, typename Release>
[[gnu::always_inline]] inline void often(Allocate allocate, Release release)
{
	size_t number = 0;
	for (size_t done = 0; done < TOTAL; number++) {
		size_t size = SIZES[number % 3];
		void *memory = allocate(size);
		if (!memory)
			abort();
		truth_allocated(site, size);
		done += size;
		if (number / 3 % 4) {
			release(memory, size);
			truth_freed(site, size);
		}
	}
}

#define PLAIN(name, expression) WITH(name, expression, free(memory))
#define WITH(name, expression, release)                                                                                \
	SITE void site_##name()                                                                                        \
	{                                                                                                              \
		often([](size_t size) -> void * { return expression; },                                                \
		      [](void *memory, [[maybe_unused]] size_t size) { release; });                                    \
	}
/* By its name: only where somebody exports it. */
#define OWN(name, type, arguments, release_type, release_name, release_arguments)                                      \
	SITE void site_##name()                                                                                        \
	{                                                                                                              \
		auto *function = own<type>(#name);                                                                     \
		auto *release = own<release_type>(#release_name);                                                      \
		if (!function || !release)                                                                             \
			return;                                                                                        \
		often([=](size_t size) -> void * { return function arguments; },                                       \
		      [=](void *memory, [[maybe_unused]] size_t size) { release release_arguments; });                 \
	}

typedef void give(void *);
typedef void give_flags(void *, int);
typedef void *one(size_t);
typedef void *two(size_t, size_t);
typedef void *flags(size_t, int);
typedef void *resize(void *, size_t);
typedef void *resize_flags(void *, size_t, int);

void *posix(size_t size)
{
	void *memory;
	return posix_memalign(&memory, 64, size) ? nullptr : memory;
}

/* A realloc is a free and an allocation of the whole new size: half of what was there is counted as given back. */
template <typename Resize> void *grown(void *memory, size_t size, Resize resize_to)
{
	truth_allocated(site, size / 2);
	truth_freed(site, size / 2);
	return resize_to(memory, size);
}

constexpr std::align_val_t wide{64};
const std::nothrow_t &nothrow = std::nothrow;
PLAIN(malloc, malloc(size))
PLAIN(calloc, calloc(size / 64, 64))
PLAIN(realloc, grown(realloc(nullptr, size / 2), size, realloc))
PLAIN(reallocarray, reallocarray(nullptr, size / 64, 64))
PLAIN(posix_memalign, posix(size))
PLAIN(aligned_alloc, aligned_alloc(64, size))
PLAIN(memalign, memalign(64, size))
PLAIN(valloc, valloc(size))
WITH(new, ::operator new(size), ::operator delete(memory))
WITH(new_array, ::operator new[](size), ::operator delete[](memory, size))
WITH(new_nothrow, ::operator new(size, nothrow), ::operator delete(memory, nothrow))
WITH(new_array_nothrow, ::operator new[](size, nothrow), ::operator delete[](memory, nothrow))
WITH(new_aligned, ::operator new(size, wide), ::operator delete(memory, wide))
WITH(new_array_aligned, ::operator new[](size, wide), ::operator delete[](memory, size, wide))
WITH(new_aligned_nothrow, ::operator new(size, wide, nothrow), ::operator delete(memory, wide, nothrow))
WITH(new_array_aligned_nothrow, ::operator new[](size, wide, nothrow), ::operator delete[](memory, wide, nothrow))
OWN(mallocx, flags, (size, 0), give_flags, dallocx, (memory, 0))
OWN(tc_malloc, one, (size), give, tc_free, (memory))
OWN(tc_calloc, two, (1, size), give, tc_free, (memory))
OWN(tc_memalign, two, (64, size), give, tc_free, (memory))
OWN(tc_new, one, (size), give, tc_delete, (memory))
OWN(mi_malloc, one, (size), give, mi_free, (memory))
OWN(mi_calloc, two, (1, size), give, mi_free, (memory))
OWN(mi_malloc_aligned, two, (size, 64), give, mi_free, (memory))
OWN(mi_new, one, (size), give, mi_free, (memory))

SITE void site_rallocx()
{
	auto *allocate = own<flags>("mallocx");
	auto *change = own<resize_flags>("rallocx");
	auto *release = own<give_flags>("dallocx");
	if (allocate && change && release)
		often(
		    [=](size_t size) {
			    return grown(allocate(size / 2, 0), size,
					 [=](void *memory, size_t to) { return change(memory, to, 0); });
		    },
		    [=](void *memory, size_t) { release(memory, 0); });
}

SITE void site_tc_realloc()
{
	auto *change = own<resize>("tc_realloc");
	if (change)
		often([=](size_t size) { return grown(malloc(size / 2), size, change); },
		      [](void *memory, size_t) { free(memory); });
}

SITE void site_mi_realloc()
{
	auto *change = own<resize>("mi_realloc");
	if (change)
		often([=](size_t size) { return grown(malloc(size / 2), size, change); },
		      [](void *memory, size_t) { free(memory); });
}

#define RUN(name)                                                                                                      \
	site = truth_add("site_" #name);                                                                               \
	site_##name();

} // namespace

int main(int argc, char **argv)
{
	truth_directory = argc > 1 ? argv[1] : nullptr;
	RUN(malloc)
	RUN(calloc)
	RUN(realloc)
	RUN(reallocarray)
	RUN(posix_memalign)
	RUN(aligned_alloc)
	RUN(memalign)
	RUN(valloc)
	RUN(new)
	RUN(new_array)
	RUN(new_nothrow)
	RUN(new_array_nothrow)
	RUN(new_aligned)
	RUN(new_array_aligned)
	RUN(new_aligned_nothrow)
	RUN(new_array_aligned_nothrow)
	RUN(mallocx)
	RUN(rallocx)
	RUN(tc_malloc)
	RUN(tc_calloc)
	RUN(tc_memalign)
	RUN(tc_realloc)
	RUN(tc_new)
	RUN(mi_malloc)
	RUN(mi_calloc)
	RUN(mi_malloc_aligned)
	RUN(mi_realloc)
	RUN(mi_new)
	truth_write("end");
	return 0;
}
