/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls every entry point of an allocator a known number of times, each from a site of its own, and gives part of it back
 * by every way there is: the rows of <seep/entry_points.h> by their names, and the usual ones as a program calls them.
 *
 *	every_entry_point DIRECTORY		the account is in truth.end (truth.h)
 *
 * A realloc is a free and an allocation of the whole new size. What pvalloc and valloc round up is not counted.
 */
#include <cerrno>
#include <dlfcn.h>
#include <malloc.h>
#include <new>

#include "entry_point_calls.h"
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

/*
 * Each row of the table by itself, in a function row_NAME. Without the allocator, the shim's names do what its manual says,
 * and count as much. What one function gives, another's takes back: rows that allocate free by free(), rows that release
 * have their memory from malloc and memalign.
 */
struct row {
	const char *name;
	Kind kind;
	int traits;
	bool aligned;
};

size_t size_of_call(int i)
{
	return CALL_ALIGNMENT * (size_t)(1 + i % 16); /* mi_malloc_small takes up to 1024 bytes */
}

void expect(bool condition, const row &row)
{
	if (condition)
		return;
	fprintf(stderr, "%s\n", row.name);
	abort();
}

template <typename Call> [[gnu::always_inline]] inline void allocate_often(const row &row, Call call)
{
	for (int i = 0; i < CALLS; i++) {
		size_t size = size_of_call(i);
		char *memory = (char *)got(call(nullptr, size), size);
		expect(!row.aligned || (uintptr_t)memory % CALL_ALIGNMENT == 0, row);
		for (size_t at = 0; row.traits & SEEP_ZEROED && at < size; at++)
			expect(memory[at] == 0, row);
		memset(memory, 1, size);
		if (!(is_jemalloc &&
		      !strcmp(row.name, "pvalloc"))) /* it has none: libc's comes, which its free does not know */
			FREE_SOME(size, free(memory))
	}
}

template <typename Call> [[gnu::always_inline]] inline void resize_often(const row &row, Call call)
{
	for (int i = 0; i < CALLS; i++) {
		size_t size = 64 * size_of_call(i);
		char *memory = (char *)got(malloc(40), 40);
		memset(memory, 7, 40);
		memory = (char *)got(call(memory, size), size);
		truth_freed(site, 40);
		expect(memory[0] == 7 && memory[39] == 7 && !(row.traits & SEEP_ZEROED && memory[size - 1]), row);
		if (row.traits & SEEP_FREES_OLD) {
			FREE_SOME(size, expect(!call(memory, too_much), row)) /* fails, and frees */
			continue;
		}
		if (!(row.traits & SEEP_THROWS))
			expect(!call(memory, too_much), row);
		FREE_SOME(size, free(memory))
	}
}

template <typename Call> [[gnu::always_inline]] inline void release_often(const row &row, Call call)
{
	for (int i = 0; i < CALLS; i++) {
		size_t size = row.aligned ? 128 : size_of_call(i);
		void *memory = got(row.aligned ? memalign(CALL_ALIGNMENT, size) : malloc(size), size);
		FREE_SOME(size, call(memory, size))
	}
}

template <typename Call> [[gnu::always_inline]] inline void call_often(const row &row, Call call)
{
	if (row.kind == Kind::RESIZE)
		resize_often(row, call);
	else if (row.kind == Kind::RELEASE)
		release_often(row, call);
	else
		allocate_often(row, call);
}

#define ROW(name, kind, hook, takes, traits)                                                                           \
	SITE void row_##name()                                                                                         \
	{                                                                                                              \
		[[maybe_unused]] constexpr int flags = 0;                                                              \
		call_often({#name, Kind::kind, traits, is_aligned_##name()}, call_##name);                             \
	}
SEEP_ENTRY_POINTS(ROW)

/* Heaps of the program's own: what their descriptors take is the makers'. */
enum { HEAPS = 6 };
void *heaps[HEAPS];

void make_heaps()
{
	if (!is_mimalloc)
		return;
	for (void *&heap : heaps)
		heap = own<void *()>("mi_heap_new")();
	call_heap = own<void *()>("mi_heap_new")();
}

/* mi_heap_destroy takes all of a heap away, also what came by way of the default heap; mi_heap_delete only the heap. */
SITE void site_mimalloc_heaps()
{
	if (!is_mimalloc)
		return;
	auto *allocate = own<void *(void *, size_t)>("mi_heap_malloc");
	auto *aligned = own<void *(void *, size_t, size_t)>("mi_heap_malloc_aligned");
	auto *resize = own<void *(void *, void *, size_t)>("mi_heap_realloc");
	auto *make_default = own<void *(void *)>("mi_heap_set_default");
	static const size_t sizes[] = {8, 40, 300, 5000, 70000, 600000, 5000000};
	for (int number = 0; number < HEAPS; number++) {
		size_t bytes = 0, blocks = 0;
		for (size_t size : sizes) {
			for (int i = 0; i < CALLS / 10; i++) {
				got(allocate(heaps[number], size), size);
				got(aligned(heaps[number], size, 64), size);
				void *before = make_default(heaps[number]);
				got(malloc(size + 1), size + 1);
				make_default(before);
				/* which leaves a block where it is, in its own heap, if the new size is near the old one */
				void *moved = got(resize(heaps[number], got(malloc(2000), 2000), size + 2), size + 2);
				truth_freed(site, 2000);
				bytes += 4 * size + 3;
				blocks += 4;
				if (i % 2) {
					free(moved);
					truth_freed(site, size + 2);
					bytes -= size + 2;
					blocks--;
				}
			}
		}
		if (number % 3 == 0) {
			own<void(void *)>("mi_heap_delete")(heaps[number]);
			continue;
		}
		own<void(void *)>("mi_heap_destroy")(heaps[number]);
		truth_freed(site, bytes);
		site->live_objects -= (long)blocks - 1;
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
			realloc(memory, size) || reallocarray(memory, size, 1) ||
			aligned_alloc(64, size & ~(size_t)63) || memalign(64, size) || valloc(size) || pvalloc(size) ||
			!posix_memalign(&memory, 64, size);
	if (is_jemalloc || is_tcmalloc || is_mimalloc) /* libstdc++'s throw and catch, and exceptions are allocated */
		got_some |= ::operator new(size, std::nothrow) || ::operator new[](size, std::nothrow);
	if (is_jemalloc && size > (size_t)PTRDIFF_MAX) /* which asserts smaller ones in some builds */
		got_some |= own<void *(size_t, int)>("mallocx")(size, 0) ||
			    own<void *(void *, size_t, int)>("rallocx")(old, size, 0);
#define FAIL(name, kind, hook, takes, traits)                                                                          \
	if (Hook::hook == Hook::NESTED && Kind::kind != Kind::TEXT && !((traits) & (SEEP_THROWS | SEEP_FREES_OLD)) &&  \
	    !strstr(#name, "_small"))                                                                                  \
		got_some |= call_##name(Kind::kind == Kind::RESIZE ? old : nullptr, size) != nullptr;
	[[maybe_unused]] constexpr int flags = 0;
	SEEP_ENTRY_POINTS(FAIL)
	if (got_some)
		abort();
	got(old, 24);
}

/* What fails counts nothing, and neither does a look at a size. */
SITE void site_failing()
{
	static const size_t sizes[] = {too_much,      SIZE_MAX / 2,    SIZE_MAX / 2 + 1,   SIZE_MAX / 4,
				       SIZE_MAX / 3,  (size_t)1 << 60, (size_t)1 << 48,    ((size_t)1 << 52) + 12345,
				       (size_t)-5000, (size_t)-40000,  (size_t)-1000000000};
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
	RUN(jemalloc)
	make_heaps();
	RUN(mimalloc_heaps)
#define RUN_ROW(name, kind, ...)                                                                                       \
	if (find_##name() && Kind::kind != Kind::MEASURE && Kind::kind != Kind::DESTROY) {                             \
		site = truth_add("row_" #name);                                                                        \
		row_##name();                                                                                          \
	}
	SEEP_ENTRY_POINTS(RUN_ROW)
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
