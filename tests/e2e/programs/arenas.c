/* SPDX-License-Identifier: Apache-2.0 */
/* Gives four arenas of jemalloc's back, by name and by number, and asks for what it refuses and for what frees nothing. */
#include <stdio.h>
#include <stdlib.h>

extern int mallctl(const char *, void *, size_t *, void *, size_t)
    __attribute__((weak)); /* an address that is compared */
extern int mallctlbymib(const size_t *, size_t, void *, size_t *, void *, size_t);
extern int mallctlnametomib(const char *, size_t *, size_t *);
extern void *mallocx(size_t, int);

static const char *name(unsigned arena, const char *what)
{
	static char text[64];
	snprintf(text, sizeof text, "arena.%u.%s", arena, what);
	return text;
}

static int by_number(unsigned arena, const char *what)
{
	size_t mib[3], length = 3;
	mallctlnametomib(name(0, what), mib, &length);
	mib[1] = arena;
	return mallctlbymib(mib, length, NULL, NULL, NULL, 0);
}

int main(void)
{
	unsigned arenas[6], refused;
	size_t bytes = sizeof refused;
	for (int i = 0; mallctl && i < 6; i++) {
		mallctl("arenas.create", &arenas[i], &bytes, NULL, 0);
		mallocx(1000, (int)(arenas[i] + 1) << 20 | 1 << 8); /* MALLOCX_ARENA, MALLOCX_TCACHE_NONE */
	}
	printf("%d ", mallctl(name(arenas[0], "reset"), NULL, NULL, NULL, 0));
	printf("%d ", mallctl(name(arenas[1], "destroy"), NULL, NULL, NULL, 0));
	printf("%d %d ", by_number(arenas[2], "reset"), by_number(arenas[3], "destroy"));
	printf("%d ", mallctl(name(arenas[4], "reset"), &refused, &bytes, NULL, 0));
	printf("%d %d ", by_number(arenas[5], "purge"), mallctl(name(arenas[5], "decay"), NULL, NULL, NULL, 0));
	printf("%d %d\n", mallctl("thread.tcache.flush", NULL, NULL, NULL, 0), mallctl("no.name", NULL, NULL, NULL, 0));
	return 0;
}
