/* SPDX-License-Identifier: Apache-2.0 */
/* An interposer like those of real programs: it counts the calls, and looks its next functions up late. */
#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

unsigned long counting_counts[6]; /* malloc, calloc, realloc, free, memalign, bytes */

static void *(*next_malloc)(size_t), *(*next_calloc)(size_t, size_t), *(*next_realloc)(void *, size_t);
static void *(*next_memalign)(size_t, size_t);
static int (*next_posix_memalign)(void **, size_t, size_t);
static void (*next_free)(void *);
static char early[8192];
static size_t early_used;
static int looking;

static void look(void)
{
	looking = 1;
	*(void **)&next_malloc = dlsym(RTLD_NEXT, "malloc");
	*(void **)&next_calloc = dlsym(RTLD_NEXT, "calloc");
	*(void **)&next_realloc = dlsym(RTLD_NEXT, "realloc");
	*(void **)&next_free = dlsym(RTLD_NEXT, "free");
	*(void **)&next_memalign = dlsym(RTLD_NEXT, "memalign");
	*(void **)&next_posix_memalign = dlsym(RTLD_NEXT, "posix_memalign");
	dlsym(RTLD_NEXT, "a_name_that_nobody_has"); /* the error message is allocated */
	looking = 0;
}

static void *from_early(size_t size)
{
	size = (size + 15) & ~(size_t)15;
	if (early_used + size > sizeof early)
		return NULL;
	early_used += size;
	return early + early_used - size;
}

#define COUNT(which, size)                                                                                             \
	do {                                                                                                           \
		if (looking)                                                                                           \
			return from_early(size);                                                                       \
		if (!next_free)                                                                                        \
			look();                                                                                        \
		counting_counts[which]++;                                                                              \
		counting_counts[5] += (size);                                                                          \
	} while (0)

void *malloc(size_t size)
{
	COUNT(0, size);
	return next_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	COUNT(1, count * size);
	return next_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	COUNT(2, size);
	return next_realloc(old, size);
}

void *memalign(size_t alignment, size_t size)
{
	COUNT(4, size);
	return next_memalign(alignment, size);
}

int posix_memalign(void **result, size_t alignment, size_t size)
{
	if (!next_free)
		look();
	counting_counts[4]++;
	counting_counts[5] += size;
	return next_posix_memalign(result, alignment, size);
}

void free(void *memory)
{
	if ((char *)memory >= early && (char *)memory < early + sizeof early)
		return;
	if (!next_free)
		look();
	counting_counts[3]++;
	next_free(memory);
}
