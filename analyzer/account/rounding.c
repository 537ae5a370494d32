/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The allocators' own rules for sizes.
 *
 * glibc (malloc/malloc.c, request2size): 8 bytes more, up to a multiple of 16, 32 at least. From 32 MiB on
 * (DEFAULT_MMAP_THRESHOLD_MAX) a block is a mapping of its own, of whole pages; between 128 KiB and that it may be.
 *
 * jemalloc (doc/jemalloc.xml, "Size classes", quantum 16): 8, then multiples of 16 up to 128, then four classes for each
 * doubling.
 *
 * tcmalloc (gperftools, src/common.cc): multiples of 8 or 16 up to 128, then an alignment of an eighth of the size at most;
 * classes with equal numbers of blocks in a span are merged, which depends on the version: no rule for it here, nor for
 * mimalloc's, whose classes are at most an eighth apart.
 */
#include "account/rounding.h"

#include <string.h>

static uint64_t align_up(uint64_t size, uint64_t unit)
{
	return (size + unit - 1) / unit * unit;
}

static uint64_t glibc_takes(uint64_t size)
{
	enum { HEADER = 8, UNIT = 16, LEAST = 32, PAGE = 4096 };
	const uint64_t always_mapped = UINT64_C(32) << 20;

	if (size >= always_mapped)
		return align_up(size + 2 * HEADER, PAGE);
	return size + HEADER <= LEAST ? LEAST : align_up(size + HEADER, UNIT);
}

/* Rounds up to a size class, of which there are four between two powers of two. */
static uint64_t quarters_take(uint64_t size)
{
	uint64_t doubling = 1;

	while (doubling * 2 < size)
		doubling *= 2;
	return align_up(size, doubling / 4);
}

static uint64_t jemalloc_takes(uint64_t size)
{
	if (size <= 8)
		return 8;
	return size <= 128 ? align_up(size, 16) : quarters_take(size);
}

bool rounding_of(const char *allocator, uint64_t size, uint64_t *taken)
{
	if (size > UINT64_C(1) << 48)
		return false;
	if (strcmp(allocator, "glibc") == 0)
		*taken = glibc_takes(size);
	else if (strcmp(allocator, "jemalloc") == 0)
		*taken = jemalloc_takes(size);
	else
		return false;
	return true;
}
