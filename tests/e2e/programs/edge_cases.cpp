/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every entry point of an allocator with odd arguments: what comes back, what
 * errno says, how it is aligned, how much of it may be used, what is in it.
 * One line a case and no address in any, so that the output of two runs can be
 * compared. 777 in errno means that it was left alone.
 */
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <initializer_list>
#include <malloc.h>
#include <new>
#include <stdlib.h>

/* Called through volatile pointers: the compiler must not know what these functions do. */
#define VIA(name) static auto *volatile call_##name = name
VIA(malloc);
VIA(calloc);
VIA(realloc);
VIA(reallocarray);
VIA(free);
VIA(posix_memalign);
VIA(aligned_alloc);
VIA(memalign);
VIA(valloc);
VIA(pvalloc);
VIA(malloc_usable_size);

static const size_t huge = SIZE_MAX, beyond = (size_t)PTRDIFF_MAX + 1;

static bool is_jemalloc, is_mimalloc;

static size_t alignment_of(const void *pointer)
{
	uintptr_t address = (uintptr_t)pointer;
	size_t alignment = address & -address;
	return alignment;
}

/* The alignment that was asked for is held against the address; more than it is chance. */
static void *say(const char *what, size_t a, size_t b, void *pointer, size_t wanted)
{
	int error = errno;
	printf("%s(%zu, %zu): %s, errno %d", what, a, b, pointer ? "memory" : "NULL", error);
	if (pointer) {
		bool aligned = alignment_of(pointer) >= (wanted ? wanted : 1);
		printf(", %s", aligned ? "aligned" : "MISALIGNED");
		if (!is_mimalloc || wanted <= 16) /* mimalloc aligns by what is free at the moment */
			printf(", usable %zu", call_malloc_usable_size(pointer));
		memset(pointer, 0x5a, call_malloc_usable_size(pointer));
	}
	putchar('\n');
	errno = 777;
	return pointer;
}

static void give_back(void *pointer)
{
	errno = 777;
	call_free(pointer);
	if (errno != 777)
		printf("free changed errno to %d\n", errno);
}

static void plain()
{
	static const size_t sizes[] = {0, 1, 7, 8, 16, 24, 100, 1000, 4096, 100000, 5000000, beyond, huge - 4096, huge};
	for (size_t size : sizes)
		give_back(say("malloc", size, 0, call_malloc(size), size >= 16 ? 16 : 8));
	give_back(nullptr);
	static const size_t pairs[][2] = {{0, 0},    {0, 8},       {8, 0},
					  {10, 10},  {1, 70000},   {huge, 2},
					  {2, huge}, {huge, huge}, {(size_t)1 << 33, (size_t)1 << 33},
					  {1, huge}, {1, beyond}};
	for (auto &pair : pairs) {
		char *memory = (char *)call_calloc(pair[0], pair[1]);
		bool zero = true;
		for (size_t i = 0; memory && i < pair[0] * pair[1]; i++)
			zero &= memory[i] == 0;
		give_back(say(zero ? "calloc" : "calloc, NOT ZERO", pair[0], pair[1], memory, 8));
	}
	printf("usable size of NULL: %zu\n", call_malloc_usable_size(nullptr));
}

static char *filled(size_t size)
{
	char *memory = (char *)call_malloc(size);
	for (size_t i = 0; i < size; i++)
		memory[i] = (char)(i * 7);
	errno = 777;
	return memory;
}

static const char *kept(const char *memory, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (memory[i] != (char)(i * 7))
			return "LOST";
	return "kept";
}

static void moved()
{
	give_back(say("realloc of NULL", 0, 0, call_realloc(nullptr, 0), 8));
	give_back(say("realloc of NULL", 100, 0, call_realloc(nullptr, 100), 16));
	say("realloc of NULL", huge, 0, call_realloc(nullptr, huge), 16);
	static const size_t steps[] = {10, 100, 99, 5000, 200, 200000, 3000000, 100};
	char *memory = filled(10);
	size_t before = 10;
	for (size_t step : steps) {
		memory = (char *)call_realloc(memory, step);
		printf("realloc %zu to %zu: %s, errno %d, usable %zu\n", before, step,
		       kept(memory, before < step ? before : step), errno, call_malloc_usable_size(memory));
		call_free(memory);
		memory = filled(step);
		before = step;
	}
	static const size_t failing[] = {huge, beyond, huge - 4096};
	for (size_t size : failing) {
		say("failing realloc", size, 0, call_realloc(memory, size), 1);
		printf("the old block is %s\n", kept(memory, before));
		errno = 777;
	}
	void *none = call_realloc(memory, 0);
	give_back(say("realloc to nothing", 0, 0, none, 1));

	memory = filled(64);
	say("reallocarray", huge, 2, call_reallocarray(memory, huge, 2), 1);
	say("reallocarray", (size_t)1 << 32, (size_t)1 << 32,
	    call_reallocarray(memory, (size_t)1 << 32, (size_t)1 << 32), 1);
	if (!is_mimalloc) /* whose realloc, which is asked then, leaves errno alone */
		say("reallocarray", 1, beyond, call_reallocarray(memory, 1, beyond), 1);
	printf("the old block is %s\n", kept(memory, 64));
	errno = 777;
	memory = (char *)call_reallocarray(memory, 30, 30);
	printf("reallocarray to 900: %s, errno %d\n", kept(memory, 64), errno);
	give_back(memory);
	give_back(say("reallocarray of NULL", 5, 5, call_reallocarray(nullptr, 5, 5), 8));
	give_back(say("reallocarray to nothing", 0, 5, call_reallocarray(call_malloc(3), 0, 5), 1));
}

static void aligned()
{
	static const size_t alignments[] = {0, 1, 2, 3, 4, 8, 16, 24, 64, 1000, 4096, 65536, 1 << 21};
	static const size_t sizes[] = {0, 1, 100, 70000};
	for (size_t alignment : alignments) {
		for (size_t size : sizes) {
			void *untouched = (void *)0x1234, *memory = untouched;
			int result = call_posix_memalign(&memory, alignment, size);
			printf("posix_memalign(%zu, %zu): %d, errno %d, %s\n", alignment, size, result, errno,
			       result == 0 ? alignment_of(memory) >= alignment || !memory ? "aligned" : "MISALIGNED"
			       : memory == untouched ? "untouched"
						     : "TOUCHED");
			if (result == 0)
				give_back(memory);
			bool power = (alignment & (alignment - 1)) == 0;
			give_back(say("aligned_alloc", alignment, size, call_aligned_alloc(alignment, size),
				      power ? alignment : 1));
			give_back(
			    say("memalign", alignment, size, call_memalign(alignment, size), power ? alignment : 1));
		}
	}
	void *untouched = (void *)0x1234, *memory = untouched;
	for (size_t size : {huge, huge - 64, beyond}) {
		int result = call_posix_memalign(&memory, 64, size);
		printf("posix_memalign(64, %zu): %d, errno %d, %s\n", size, result, errno,
		       memory == untouched ? "untouched" : "TOUCHED");
		say("aligned_alloc", 64, size, call_aligned_alloc(64, size), 1);
		say("memalign", 64, size, call_memalign(64, size), 1);
		say("valloc", size, 0, call_valloc(size), 1);
	}
	for (size_t size : {(size_t)0, (size_t)1, (size_t)4096, (size_t)4097, (size_t)100000}) {
		give_back(say("valloc", size, 0, call_valloc(size), 4096));
		if (!is_jemalloc) /* which has no pvalloc: libc's would come, and jemalloc's free does not know it */
			give_back(say("pvalloc", size, 0, call_pvalloc(size), 4096));
	}
	for (size_t size : {huge, huge - 100, beyond})
		say("pvalloc", size, 0, call_pvalloc(size), 1);
}

/* C23, where the C library has it; elsewhere free() is what it means. */
static void sized_frees()
{
	auto *sized = (void (*)(void *, size_t))dlsym(RTLD_DEFAULT, "free_sized");
	auto *aligned = (void (*)(void *, size_t, size_t))dlsym(RTLD_DEFAULT, "free_aligned_sized");
	void *memory = call_malloc(100), *wide = call_aligned_alloc(64, 128);
	errno = 777;
	sized ? sized(memory, 100) : call_free(memory);
	aligned ? aligned(wide, 64, 128) : call_free(wide);
	sized ? sized(nullptr, 0) : call_free(nullptr);
	printf("sized frees: errno %d\n", errno);
}

/* jemalloc's own API; whoever finds mallctl has all of it. */
static void jemalloc_api()
{
	if (!dlsym(RTLD_DEFAULT, "mallctl")) {
		puts("no jemalloc");
		return;
	}
	auto *mallocx = (void *(*)(size_t, int))dlsym(RTLD_DEFAULT, "mallocx");
	auto *rallocx = (void *(*)(void *, size_t, int))dlsym(RTLD_DEFAULT, "rallocx");
	auto *xallocx = (size_t(*)(void *, size_t, size_t, int))dlsym(RTLD_DEFAULT, "xallocx");
	auto *sallocx = (size_t(*)(const void *, int))dlsym(RTLD_DEFAULT, "sallocx");
	auto *dallocx = (void (*)(void *, int))dlsym(RTLD_DEFAULT, "dallocx");
	auto *sdallocx = (void (*)(void *, size_t, int))dlsym(RTLD_DEFAULT, "sdallocx");
	errno = 777;
	void *memory = say("mallocx", 100, 0, mallocx(100, 0), 8);
	memory = say("rallocx", 3000, 64, rallocx(memory, 3000, 6 | 64), 64);
	printf("xallocx: %zu, %zu, %zu\n", xallocx(memory, 3000, 500, 0), xallocx(memory, 2600, 0, 0),
	       xallocx(memory, 1 << 30, 0, 0));
	printf("sallocx: %zu\n", sallocx(memory, 0));
	dallocx(memory, 0);
	memory = say("mallocx", 70000, 12, mallocx(70000, 12), 4096);
	sdallocx(memory, 70000, 12);
	say("mallocx", huge / 2, 0, mallocx(huge / 2, 0), 1);
	memory = mallocx(1 << 20, 0);
	printf("xallocx: %zu\n", xallocx(memory, 5 << 19, 0, 0));
	say("rallocx", huge / 2, 0, rallocx(memory, huge / 2, 0), 1);
	dallocx(memory, 0);
}

static int handled;

static void handler()
{
	if (++handled == 3)
		std::set_new_handler(nullptr);
}

static void with_new()
{
	for (size_t size : {(size_t)0, (size_t)1, (size_t)100, (size_t)100000}) {
		void *memory = ::operator new(size);
		::operator delete(say("new", size, 0, memory, size >= 16 ? 16 : 1));
		memory = ::operator new[](size);
		::operator delete[](say("new[]", size, 0, memory, size >= 16 ? 16 : 1));
		memory = ::operator new(size, std::nothrow);
		::operator delete(say("new nothrow", size, 0, memory, 1), std::nothrow);
		memory = ::operator new[](size, std::nothrow);
		::operator delete[](say("new[] nothrow", size, 0, memory, 1), std::nothrow);
		memory = ::operator new(size, std::align_val_t(64));
		::operator delete(say("new aligned", size, 64, memory, 64), std::align_val_t(64));
		memory = ::operator new[](size, std::align_val_t(4096));
		::operator delete[](say("new[] aligned", size, 4096, memory, 4096), size, std::align_val_t(4096));
		memory = ::operator new(size, std::align_val_t(128), std::nothrow);
		::operator delete(say("new aligned nothrow", size, 128, memory, 128), std::align_val_t(128),
				  std::nothrow);
		memory = ::operator new[](size, std::align_val_t(32), std::nothrow);
		::operator delete[](say("new[] aligned nothrow", size, 32, memory, 32), std::align_val_t(32),
				    std::nothrow);
		::operator delete(::operator new(size), size);
		::operator delete[](::operator new[](size), size);
		::operator delete(nullptr);
	}
	for (size_t size : {beyond, huge}) {
		if (is_mimalloc) /* aborts where it should throw */
			break;
		try {
			say("new", size, 0, ::operator new(size), 1);
		} catch (const std::bad_alloc &) {
			printf("new(%zu): bad_alloc, errno %d\n", size, errno);
		}
		try {
			say("new aligned", size, 64, ::operator new(size, std::align_val_t(64)), 1);
		} catch (const std::bad_alloc &) {
			printf("new aligned(%zu): bad_alloc, errno %d\n", size, errno);
		}
		errno = 777;
		say("new nothrow", size, 0, ::operator new(size, std::nothrow), 1);
		say("new[] aligned nothrow", size, 64, ::operator new[](size, std::align_val_t(64), std::nothrow), 1);
		std::set_new_handler(handler);
		handled = 0;
		errno = 777;
		say("new nothrow with a handler", size, 0, ::operator new(size, std::nothrow), 1);
		printf("the handler was called %d times\n", handled);
		std::set_new_handler(nullptr);
	}
}

int main()
{
	static char buffer[BUFSIZ];
	setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
	is_jemalloc = dlsym(RTLD_DEFAULT, "mallctl");
	is_mimalloc = dlsym(RTLD_DEFAULT, "mi_version");
	errno = 777;
	plain();
	moved();
	aligned();
	sized_frees();
	jemalloc_api();
	with_new();
	return 0;
}
