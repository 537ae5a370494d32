/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A library with an allocator linked into it that has the names of well-known
 * ones. Its blocks are its own: each has a mark in front.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define MARK 0x5ea11eafu

struct block {
	size_t size;
	unsigned mark;
} __attribute__((aligned(16)));

static char memory[1 << 16] __attribute__((aligned(16)));
static size_t used;

static void *take(size_t size)
{
	struct block *block = (struct block *)(memory + used);
	used += sizeof *block + ((size + 15) & ~(size_t)15);
	*block = (struct block){size, MARK};
	return block + 1;
}

static const char *give(void *address)
{
	struct block *block = (struct block *)address - 1;
	if ((char *)block < memory || (char *)block >= memory + used || block->mark != MARK)
		return "foreign";
	block->mark = 0;
	return "own";
}

#define RELEASE(name, ...)                                                                                             \
	void name(__VA_ARGS__);                                                                                        \
	void name(__VA_ARGS__)                                                                                         \
	{                                                                                                              \
		printf("%s: %s\n", #name, give(address));                                                              \
	}
#define ALLOCATE(name, ...)                                                                                            \
	void *name(__VA_ARGS__);                                                                                       \
	void *name(__VA_ARGS__)                                                                                        \
	{                                                                                                              \
		return take(size);                                                                                     \
	}

ALLOCATE(mi_malloc, size_t size)
ALLOCATE(mi_zalloc_aligned, size_t size, size_t alignment)
ALLOCATE(mi_of_ours_alone, size_t size)
RELEASE(mi_free, void *address)
ALLOCATE(mallocx, size_t size, int flags)
RELEASE(dallocx, void *address, int flags)
ALLOCATE(tc_malloc, size_t size)
ALLOCATE(tc_new_aligned, size_t size, size_t alignment)
RELEASE(tc_free, void *address)
RELEASE(free_sized, void *address, size_t size)

void plugin_works(int is_jemalloc);
void plugin_works(int is_jemalloc)
{
	mi_free(mi_malloc(100));
	mi_free(mi_zalloc_aligned(100, 16));
	mi_free(mi_of_ours_alone(100)); /* it goes back by a name that others have, too */
	if (!is_jemalloc)               /* else it gets jemalloc's, as without the shim */
		dallocx(mallocx(100, 0), 0);
	tc_free(tc_malloc(100));
	tc_free(tc_new_aligned(100, 16));
	free_sized(take(100), 100);
}
