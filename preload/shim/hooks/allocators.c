/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The allocators' own APIs. A program may mix them with malloc and free, so
 * every way to give memory back must be seen, and every way to get it is
 * counted once.
 */
#include "shim/hooks/forms.h"

#include <string.h>

#include "shim/hooks/lifecycle.h"
#include "shim/host/calls.h"
#include "shim/host/joined.h"

SEEP_ENTRY_POINTS_OF_ALLOCATORS(HOOK)

DEFINE_XALLOCX(, xallocx, real)
DEFINE_MI_HEAP_DESTROY(, mi_heap_destroy, real)

/* jemalloc's arena.N.reset and arena.N.destroy free all blocks of an arena without naming them, and jemalloc can't be asked which
 * samples lie there: its arenas.lookup faults on a block of another allocator's. A mallctl() that we export would tell programs
 * that jemalloc is there where it is not, so the program's own calls of the real one are led here. */
static const char *const freeing[] = {"arena.0.reset", "arena.0.destroy"};
enum { WAYS = sizeof freeing / sizeof *freeing, MIB_LENGTH = 3 };

static bool frees_arena(const size_t *mib, size_t length)
{
	for (size_t i = 0; length == MIB_LENGTH && i < WAYS; i++) {
		size_t way[MIB_LENGTH], known = MIB_LENGTH;
		if (real.mallctlnametomib(freeing[i], way, &known) == 0 && way[0] == mib[0] && way[2] == mib[2])
			return true;
	}
	return false;
}

static int own_mallctlbymib(const size_t *mib, size_t length, void *old, size_t *old_length, void *new,
			    size_t new_length)
{
	int result = real.mallctlbymib(mib, length, old, old_length, new, new_length);
	if (result == 0 && frees_arena(mib, length))
		recorder_doubt();
	return result;
}

static int own_mallctl(const char *name, void *old, size_t *old_length, void *new, size_t new_length)
{
	size_t mib[MIB_LENGTH], length = MIB_LENGTH;
	int result = real.mallctl(name, old, old_length, new, new_length);
	if (result == 0 && strncmp(name, freeing[0], strlen("arena.")) == 0 &&
	    real.mallctlnametomib(name, mib, &length) == 0 && frees_arena(mib, length))
		recorder_doubt();
	return result;
}

void allocators_prepare(void)
{
	if (is_joined() || !real.mallctl || !real.mallctlbymib || !real.mallctlnametomib ||
	    strcmp(real_name(), "jemalloc") != 0)
		return;
	calls_bring_here("mallctl", (const void *)real.mallctl, (const void *)own_mallctl);
	calls_bring_here("mallctlbymib", (const void *)real.mallctlbymib, (const void *)own_mallctlbymib);
}
