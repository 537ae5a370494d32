/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program wraps malloc and free, and looks up the real ones when they are first called. What the shim's own look-ups left
 * for dlerror() was freed in the midst of that look-up, by this very free, and so on until the stack was full.
 *
 * torture: recordings=any
 * torture: because=what the program defines itself is bypassed
 */
#include <dlfcn.h>

#include "torture.h"

static _Alignas(16) char early[4096];
static size_t early_used;
static long allocated, freed;

void *malloc(size_t size)
{
	static void *(*next)(size_t);
	static bool looking;
	if (looking) { /* the look-up allocates */
		void *memory = early + early_used;
		early_used += (size + 15) & ~(size_t)15;
		return memory;
	}
	if (!next) {
		looking = true;
		*(void **)&next = dlsym(RTLD_NEXT, "malloc");
		looking = false;
	}
	allocated++;
	return next(size);
}

void free(void *memory)
{
	static void (*next)(void *);
	if ((char *)memory >= early && (char *)memory < early + sizeof early)
		return;
	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "free");
	freed++;
	next(memory);
}

int main(void)
{
	const char *error = dlerror();
	allocate_and_free(500);
	EXPECT(dlsym(RTLD_DEFAULT, "a_name_that_nobody_has") == NULL);
	printf("%s, %s\n", error ? error : "no error", allocated >= 500 && freed >= 1000 ? "wrapped" : "bypassed");
	return 0;
}
