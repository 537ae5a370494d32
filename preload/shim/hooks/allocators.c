/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The allocators' own APIs. A program may mix them with malloc and free, so
 * every way to give memory back must be seen, and every way to get it is
 * counted once.
 */
#include "shim/hooks/forms.h"

#include <string.h>

#include "shim/host/calls.h"
#include "shim/host/joined.h"

SEEP_ENTRY_POINTS_OF_ALLOCATORS(HOOK)

DEFINE_XALLOCX(, xallocx, real)
DEFINE_MI_HEAP_DESTROY(, mi_heap_destroy, real)

/* jemalloc's arena.N.reset and arena.N.destroy free all blocks of an arena without naming them. A mallctl() that we export
 * would tell programs that jemalloc is there where it is not, so the program's own calls of the real one are led here. */
enum { MIB_LENGTH = 3 };

struct arena {
	unsigned number;
	size_t lookup[2]; /* arenas.lookup, since jemalloc 5.1 */
};

static bool is_in_arena(const void *address, const void *mine)
{
	const struct arena *arena = mine;
	unsigned number;
	size_t bytes = sizeof number;
	return real.mallctlbymib(arena->lookup, 2, &number, &bytes, &address, sizeof address) == 0 &&
	       number == arena->number;
}

/* Is this the name of a call that frees all of an arena? */
static bool frees_arena(const size_t *mib, size_t length, struct arena *arena)
{
	static const char *const ways[] = {"arena.0.reset", "arena.0.destroy"};
	size_t way[MIB_LENGTH], known, levels = 2;
	for (size_t i = 0; length == MIB_LENGTH && i < sizeof ways / sizeof *ways; i++) {
		known = MIB_LENGTH;
		if (real.mallctlnametomib(ways[i], way, &known) || way[0] != mib[0] || way[2] != mib[2])
			continue;
		arena->number = (unsigned)mib[1];
		return real.mallctlnametomib("arenas.lookup", arena->lookup, &levels) == 0;
	}
	return false;
}

/* The samples stay until the call has returned, since it may fail. What remembers them lies in the first arena, which every
 * thread has; where that is the one, or has no room, they are not remembered, and count as in use until their addresses are
 * sampled again. */
static int free_arena(const size_t *mib, const struct arena *arena, void *old, size_t *old_length, void *new,
		      size_t new_length)
{
	enum { FIRST_ARENA = 1 << 20, NO_CACHE = 1 << 8 }; /* MALLOCX_ARENA(0), MALLOCX_TCACHE_NONE */
	size_t count = arena->number ? recorder_hold_chosen(is_in_arena, arena, NULL, 0) : 0;
	struct recorder_hold *holds = count ? real.mallocx(count * sizeof *holds, FIRST_ARENA | NO_CACHE) : NULL;
	count = holds ? recorder_hold_chosen(is_in_arena, arena, holds, count) : 0;
	int result = real.mallctlbymib(mib, MIB_LENGTH, old, old_length, new, new_length);
	for (size_t i = 0; i < count; i++) {
		if (result)
			recorder_restore(&holds[i]);
		else
			recorder_bury_resized(&holds[i], 0);
	}
	if (holds)
		real.dallocx(holds, NO_CACHE);
	return result;
}

static int own_mallctlbymib(const size_t *mib, size_t length, void *old, size_t *old_length, void *new,
			    size_t new_length)
{
	struct arena arena;
	if (frees_arena(mib, length, &arena))
		return free_arena(mib, &arena, old, old_length, new, new_length);
	return real.mallctlbymib(mib, length, old, old_length, new, new_length);
}

static int own_mallctl(const char *name, void *old, size_t *old_length, void *new, size_t new_length)
{
	static const char arenas[] = "arena.";
	size_t mib[MIB_LENGTH], length = MIB_LENGTH;
	struct arena arena;
	if (strncmp(name, arenas, sizeof arenas - 1) == 0 && real.mallctlnametomib(name, mib, &length) == 0 &&
	    frees_arena(mib, length, &arena))
		return free_arena(mib, &arena, old, old_length, new, new_length);
	return real.mallctl(name, old, old_length, new, new_length);
}

void allocators_prepare(void)
{
	if (is_joined() || !real.mallctl || !real.mallctlbymib || !real.mallctlnametomib ||
	    strcmp(real_name(), "jemalloc") != 0)
		return;
	calls_bring_here("mallctl", (const void *)real.mallctl, (const void *)own_mallctl);
	calls_bring_here("mallctlbymib", (const void *)real.mallctlbymib, (const void *)own_mallctlbymib);
}
