/* SPDX-License-Identifier: Apache-2.0 */
/* The functions that the pointers to the real ones start at: see stand_in.h. */
#include "shim/host/stand_in.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "shim/host/bootstrap_arena.h"
#include "shim/host/real.h"

/* Memory from C's functions, or from the arena while a look-up runs. `traits`: see <seep/entry_points.h>. */
static ENTRY void *stand_in_allocate(size_t size, size_t alignment, int traits)
{
	if (traits & SEEP_ROUNDED && size <= SIZE_MAX - alignment)
		size = (size + alignment - 1) & ~(alignment - 1);
	if (real_is_resolving()) {
		void *memory = arena_allocate(size, alignment); /* zeroed */
		if (!memory)
			errno = ENOMEM;            /* which dlsym survives */
		if (memory || real_is_resolving()) /* else another thread has ended the look-up, and closed the arena */
			return memory;
	}
	void *address = alignment > 16 ? real.memalign(alignment, size) : real.malloc(size);
	if (address && traits & SEEP_ZEROED)
		memset(address, 0, size);
	return address;
}

/* The size of a block, as far as it is known. */
static size_t size_of(void *address)
{
	if (arena_owns(address))
		return arena_size(address);
	return address ? real.malloc_usable_size(address) : 0;
}

void *stand_in_resize(void *old, size_t size, size_t alignment, int traits)
{
	bool moves = !old || arena_owns(old) || alignment > 16 || real_is_resolving();
	size_t before = size_of(old);
	void *address = moves ? stand_in_allocate(size, alignment, 0) : real.realloc(old, size);
	int error = errno;
	if (moves && address && old)
		memcpy(address, old, before < size ? before : size);
	if (old && !arena_owns(old) && (address ? moves : traits & SEEP_FREES_OLD && size))
		real.free(old);
	if (address && traits & SEEP_ZEROED && size > before)
		memset((char *)address + before, 0, size - before);
	errno = error;
	return address;
}

static void stand_in_release(void *address)
{
	if (!real_is_resolving() && !arena_owns(address)) /* else the owner is not known yet: one block leaks */
		real.free(address);
}

static int stand_in_posix(void **result, size_t alignment, size_t size)
{
	if (alignment % sizeof(void *) || (alignment & (alignment - 1)) || !alignment)
		return EINVAL;
	int error = errno;
	void *memory = stand_in_allocate(size, alignment, 0);
	errno = error;
	if (!memory)
		return ENOMEM;
	*result = memory;
	return 0;
}

static char *stand_in_text(const char *text, size_t size)
{
	char *copy = stand_in_allocate(size, 0, 0);
	if (copy) {
		memcpy(copy, text, size - 1);
		copy[size - 1] = 0;
	}
	return copy;
}

/* Looks the real functions up. False: a look-up is under way. */
static bool is_prepared(void)
{
	if (real_is_resolving())
		return false;
	real_prepare();
	return true;
}

/* The functions first_NAME forward to the real ones once those are known. */
#define FIRST(returns, name, parameters, arguments, otherwise)                                                         \
	static returns first_##name parameters                                                                         \
	{                                                                                                              \
		return is_prepared() && real.name != first_##name ? real.name arguments : (otherwise);                 \
	}
#define FIRST_ALLOCATE(name, parameters, arguments, size, alignment, traits)                                           \
	FIRST(void *, name, parameters, arguments, stand_in_allocate((size), (alignment), (traits)))
#define FIRST_RESIZE(name, parameters, arguments, size, alignment, traits)                                             \
	FIRST(void *, name, parameters, arguments, stand_in_resize(old, (size), (alignment), (traits)))
#define FIRST_RELEASE(name, parameters, arguments, ...)                                                                \
	FIRST(void, name, parameters, arguments, stand_in_release(address))
#define FIRST_POSIX(name, parameters, arguments, ...)                                                                  \
	FIRST(int, name, parameters, arguments, stand_in_posix(result, alignment, size))
#define FIRST_TEXT(name, parameters, arguments, size, ...)                                                             \
	FIRST(char *, name, parameters, arguments, text ? stand_in_text(text, (size)) : NULL)
#define FIRST_MEASURE(name, parameters, arguments, ...)                                                                \
	FIRST(size_t, name, parameters, arguments, real_is_resolving() ? 0 : real.malloc_usable_size(address))
#define FIRST_DESTROY(name, parameters, arguments, ...)                                                                \
	FIRST(void, name, parameters, arguments, (void)0) /* without the allocator there are no heaps */

#define DEFINE_OF(kind, ...) FIRST_##kind(__VA_ARGS__)
#define DEFINE(name, kind, hook, takes, traits) DEFINE_OF(kind, name, SEEP_TAKES_##takes, traits)
SEEP_ENTRY_POINTS(DEFINE)

#define INITIALISE(name, ...) .name = first_##name,
struct real real = {SEEP_ENTRY_POINTS(INITIALISE)};
