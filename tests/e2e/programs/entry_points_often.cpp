/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls each entry point of an allocator so often that an estimate at a coarse rate can be held against the truth: so many
 * MiB at each, in blocks of three sizes, a quarter of which stays alive. The account is in truth.end (truth.h).
 *
 *	entry_points_often DIRECTORY MIB
 */
#include <cstring>
#include <malloc.h>

#include "entry_point_calls.h"
#include "truth.h"

namespace
{

constexpr size_t SIZES[] = {200 << 10, 40 << 10, 8 << 10}; /* all multiples of 64 */
size_t total;
truth_site *site;

/* Not touched: the address space is all that it takes. */
template <typename Allocate, typename Release>
[[gnu::always_inline]] inline void often(Allocate allocate, Release release)
{
	size_t number = 0;
	for (size_t done = 0; done < total; number++) {
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

/* A resize is a free and an allocation of the whole new size: half of what was there is counted as given back. */
template <typename Resize> void *grown(size_t size, Resize resize)
{
	void *memory = malloc(size / 2);
	truth_allocated(site, size / 2);
	truth_freed(site, size / 2);
	return resize(memory, size);
}

#define ROW(name, kind, ...)                                                                                           \
	SITE void row_##name()                                                                                         \
	{                                                                                                              \
		often(                                                                                                 \
		    [](size_t size) {                                                                                  \
			    return Kind::kind == Kind::RESIZE                                                          \
				       ? grown(size, [](void *old, size_t to) { return call_##name(old, to); })        \
				       : call_##name(nullptr, size);                                                   \
		    },                                                                                                 \
		    [](void *memory, size_t) { free(memory); });                                                       \
	}
SEEP_ENTRY_POINTS(ROW)

/* Those that give memory, of any size: mi_malloc_small's is at most 1024 bytes. libc's pvalloc is not for jemalloc's free(). */
bool is_for_us(const char *name, Kind kind)
{
	return (kind == Kind::ALLOCATE || kind == Kind::RESIZE || kind == Kind::POSIX || kind == Kind::TEXT) &&
	       !strstr(name, "_small") && strcmp(name, "pvalloc");
}

#define RUN(name, kind, ...)                                                                                           \
	if (is_for_us(#name, Kind::kind) && find_##name()) {                                                           \
		site = truth_add("row_" #name);                                                                        \
		row_##name();                                                                                          \
	}

} // namespace

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	truth_directory = argv[1];
	total = strtoul(argv[2], nullptr, 10) << 20;
	auto *make_heap = (void *(*)())dlsym(RTLD_DEFAULT, "mi_heap_new");
	if (make_heap)
		call_heap = make_heap();
	SEEP_ENTRY_POINTS(RUN)
	truth_write("end");
	return 0;
}
