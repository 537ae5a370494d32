/* SPDX-License-Identifier: Apache-2.0 */
/* Allocation that does not fail. This is the one library file that exits: no caller could do anything better than the
 * line that is printed here. */
#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/budget.h"
#include "base/memory.h"

enum { STATUS_NO_MEMORY = 3 };

#define PAGE 4096
#define LARGE_BLOCK ((size_t)4 << 20)

/* A sanitizer needs memory of its own. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MEMORY_IS_SHADOWED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MEMORY_IS_SHADOWED 1
#endif
#endif

static struct {
	bool is_bounded, is_child;
	uint64_t at_first; /* bytes of data that the process had when it began */
	uint64_t inputs;   /* bytes */
} bound;

static uint64_t data_bytes_now(void)
{
	unsigned long long pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");

	if (file && fscanf(file, "%*u %*u %*u %*u %*u %llu", &pages) != 1)
		pages = 0;
	if (file)
		fclose(file);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void bound_apply(void)
{
	struct rlimit limit;
	const uint64_t bytes =
	    bound.at_first + (bound.is_child ? budget_debug_bytes(bound.inputs) : budget_memory_bytes(bound.inputs));

	if (getrlimit(RLIMIT_DATA, &limit) < 0)
		return;
	limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
#ifndef MEMORY_IS_SHADOWED
	setrlimit(RLIMIT_DATA, &limit);
#endif
}

void memory_map_large(void)
{
	mallopt(M_MMAP_THRESHOLD, (int)LARGE_BLOCK);
}

void memory_bound_by_inputs(void)
{
	bound.is_bounded = true;
	bound.at_first = data_bytes_now();
	bound_apply();
}

void memory_bound_child(void)
{
	bound.inputs = 0;
	bound.is_child = true;
	memory_bound_by_inputs();
}

void memory_expect_input(uint64_t bytes)
{
	if (!bound.is_bounded)
		return;
	bound.inputs += bytes;
	bound_apply();
}

static _Noreturn void memory_exhausted(void)
{
	static const char alone[] = "seep: out of memory\n";
	static const char bounded[] = "seep: out of memory: the input would take more than a hundred times its size\n";
	const char *line = bound.is_bounded ? bounded : alone;

	if (!bound.is_child && write(STDERR_FILENO, line, strlen(line)) < 0) {
		/* nobody can read the message; the exit status still tells */
	}
	_exit(STATUS_NO_MEMORY);
}

/* Large blocks that nothing has touched yet get pages of 2 MiB, where the system gives such pages only if asked:
 * handing a process a gigabyte in pages of 4 KiB takes longer than reading a snapshot into it. Only whole mappings get
 * them, because a resize copies a mapping of two kinds of pages. */
static void *pages_enlarge(void *block, size_t bytes)
{
	const uintptr_t begin = (uintptr_t)block & -(uintptr_t)PAGE;

	if (bytes >= LARGE_BLOCK)
		madvise((void *)begin, (uintptr_t)block + malloc_usable_size(block) - begin, MADV_HUGEPAGE);
	return block;
}

void *memory_allocate(size_t count, size_t size)
{
	/* At least one byte, so that NULL always means failure. */
	void *block = count && size ? calloc(count, size) : calloc(1, 1);

	if (!block)
		memory_exhausted();
	return pages_enlarge(block, count * size);
}

void *memory_resize(void *old, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes) || bytes > PTRDIFF_MAX)
		memory_exhausted();
	void *block = realloc(old, bytes ? bytes : 1);
	if (!block)
		memory_exhausted();
	return pages_enlarge(block, bytes);
}

char *memory_copy_text(const char *text)
{
	size_t bytes = strlen(text) + 1;

	return memcpy(memory_allocate(bytes, 1), text, bytes);
}
