/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gives arenas of jemalloc back, by name and by number, and asks for what it refuses and for what frees nothing. A hundred
 * blocks of 1,000, 2,000 and 3,000 bytes are in arenas that stay, of 16,000 and more in those that go.
 */
#include <stdio.h>
#include <stdlib.h>

extern int mallctl(const char *, void *, size_t *, void *, size_t)
    __attribute__((weak)); /* an address that is compared */
extern int mallctlbymib(const size_t *, size_t, void *, size_t *, void *, size_t);
extern int mallctlnametomib(const char *, size_t *, size_t *);
extern void *mallocx(size_t, int);

static unsigned arena_with(size_t size)
{
	unsigned arena;
	size_t bytes = sizeof arena;
	mallctl("arenas.create", &arena, &bytes, NULL, 0);
	for (int i = 0; i < 100; i++)
		mallocx(size, (int)(arena + 1) << 20 | 1 << 8); /* MALLOCX_ARENA, MALLOCX_TCACHE_NONE */
	return arena;
}

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
	if (!mallctl)
		return 1;
	unsigned kept = arena_with(1000), refused = arena_with(2000), in_use = arena_with(3000), before;
	size_t bytes = sizeof before;
	printf("%d ", mallctl(name(arena_with(16000), "reset"), NULL, NULL, NULL, 0));
	printf("%d ", mallctl(name(arena_with(32000), "destroy"), NULL, NULL, NULL, 0));
	printf("%d ", by_number(arena_with(64000), "reset"));
	printf("%d ", by_number(arena_with(128000), "destroy"));
	printf("%d ", mallctl(name(refused, "reset"), &before, &bytes, NULL, 0));
	mallctl("thread.arena", &before, &bytes, &in_use, sizeof in_use);
	printf("%d ", mallctl(name(in_use, "destroy"), NULL, NULL, NULL, 0));
	mallctl("thread.arena", NULL, NULL, &before, sizeof before);
	printf("%d %d ", by_number(kept, "purge"), mallctl(name(kept, "decay"), NULL, NULL, NULL, 0));
	printf("%d %d\n", mallctl("thread.tcache.flush", NULL, NULL, NULL, 0),
	       mallctl("no.such.name", NULL, NULL, NULL, 0));
	return 0;
}
