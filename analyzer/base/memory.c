/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Allocation that does not fail. This is the one library file that exits:
 * no caller could do anything better than the line that is printed here.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

enum { STATUS_NO_MEMORY = 3 };

static _Noreturn void memory_exhausted(void)
{
	static const char line[] = "seep: out of memory\n";

	if (write(STDERR_FILENO, line, sizeof line - 1) < 0) {
		/* Nobody listens; the status still says it. */
	}
	_exit(STATUS_NO_MEMORY);
}

void *memory_allocate(size_t count, size_t size)
{
	/* One byte at least, so that NULL always means failure. */
	void *block = count && size ? calloc(count, size) : calloc(1, 1);

	if (!block)
		memory_exhausted();
	return block;
}

void *memory_resize(void *old, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes) || bytes > PTRDIFF_MAX)
		memory_exhausted();
	void *block = realloc(old, bytes ? bytes : 1);
	if (!block)
		memory_exhausted();
	return block;
}

char *memory_copy_text(const char *text)
{
	size_t bytes = strlen(text) + 1;

	return memcpy(memory_allocate(bytes, 1), text, bytes);
}
