/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program that has its own malloc, which counts and passes its calls on. Whether it does can't be seen beforehand; but what
 * it allocates is recorded, so its recording must not say that it is not.
 *
 * torture: says=bypassed, unless it passes calls on
 * torture: notes="bypassed": *null
 */
#include <dlfcn.h>

#include "torture.h"

static void *(*next_malloc)(size_t), *(*next_realloc)(void *, size_t);
static void (*next_free)(void *);
static long counted;

void *malloc(size_t size)
{
	if (!next_malloc)
		*(void **)&next_malloc = dlsym(RTLD_NEXT, "malloc");
	counted++;
	return next_malloc(size);
}

void *realloc(void *old, size_t size)
{
	if (!next_realloc)
		*(void **)&next_realloc = dlsym(RTLD_NEXT, "realloc");
	return next_realloc(old, size);
}

void free(void *memory)
{
	if (!next_free)
		*(void **)&next_free = dlsym(RTLD_NEXT, "free");
	next_free(memory);
}

static SITE void keep(struct truth_site *site)
{
	for (int i = 0; i < 50; i++) {
		torture_hold = malloc(1000);
		truth_allocated(site, 1000);
	}
}

int main(void)
{
	truth_directory = ".";
	keep(truth_add("keep"));
	allocate_and_free(50);
	truth_write("end");
	printf("counted: %d\n", counted >= 100);
	return 0;
}
