/* SPDX-License-Identifier: Apache-2.0 */
/* Look-up of the next allocator: see real.h. */
#include "shim/host/real.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include "keeper/base/atomics.h"
#include "shim/host/arena.h"
#include "shim/host/real_cxx.h"

static _Atomic int resolving; /* look-ups under way */
static _Atomic bool prepared;
static const char *name = "other", *path = "";

static void *first_malloc(size_t);
static void *first_calloc(size_t, size_t);
static void *first_realloc(void *, size_t);
static void first_free(void *);
static int first_posix_memalign(void **, size_t, size_t);
static void *first_aligned_alloc(size_t, size_t);
static void *first_memalign(size_t, size_t);
static void *first_valloc(size_t);
static void *first_pvalloc(size_t);
static size_t first_malloc_usable_size(void *);

struct real real = {
    .malloc = first_malloc,
    .calloc = first_calloc,
    .realloc = first_realloc,
    .free = first_free,
    .posix_memalign = first_posix_memalign,
    .aligned_alloc = first_aligned_alloc,
    .memalign = first_memalign,
    .valloc = first_valloc,
    .pvalloc = first_pvalloc,
    .malloc_usable_size = first_malloc_usable_size,
};

bool real_is_resolving(void)
{
	return load_relaxed(&resolving) != 0 && !load_acquire(&prepared);
}

static void identify(void)
{
	Dl_info info;
	if (!dladdr((void *)(uintptr_t)real.malloc, &info) || !info.dli_fname)
		return;
	path = info.dli_fname;
	static const struct {
		const char *part, *name;
	} known[] = {{"jemalloc", "jemalloc"},
		     {"tcmalloc", "tcmalloc"},
		     {"mimalloc", "mimalloc"},
		     {"libc.so", "glibc"},
		     {"libc-2", "glibc"}};
	const char *base = strrchr(path, '/');
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (strstr(base ? base : path, known[i].part)) {
			name = known[i].name;
			return;
		}
	}
	if (real.mallctl) /* under another file name */
		name = "jemalloc";
}

/* A required function: where the next allocator has none of that name, libc's is found, as it would be without us. */
static void bind(void *field, const char *symbol)
{
	void *found = dlsym(RTLD_NEXT, symbol);
	if (found)
		memcpy(field, &found, sizeof found);
}

/* A message that is pending would be translated by dlerror(): a look-up that succeeds drops it first, for we may be inside
 * gettext's own allocation, with its lock. Then the first call finds none, and the second gives its memory away. */
void real_forget_error(void)
{
	void *volatile found = dlsym(RTLD_NEXT, "free");
	(void)found;
	dlerror();
	dlerror();
}

void real_prepare(void)
{
	if (load_acquire(&prepared))
		return;
	atomic_fetch_add_explicit(&resolving, 1, memory_order_relaxed);
	struct real found = real;
	bind(&found.malloc, "malloc");
	bind(&found.calloc, "calloc");
	bind(&found.realloc, "realloc");
	bind(&found.free, "free");
	bind(&found.posix_memalign, "posix_memalign");
	bind(&found.aligned_alloc, "aligned_alloc");
	bind(&found.memalign, "memalign");
	bind(&found.valloc, "valloc");
	bind(&found.pvalloc, "pvalloc");
	bind(&found.malloc_usable_size, "malloc_usable_size");
	bind(&found.free_sized, "free_sized");
	bind(&found.free_aligned_sized, "free_aligned_sized");
	bind(&found.mallocx, "mallocx");
	bind(&found.rallocx, "rallocx");
	bind(&found.xallocx, "xallocx");
	bind(&found.sallocx, "sallocx");
	bind(&found.dallocx, "dallocx");
	bind(&found.sdallocx, "sdallocx");
	bind(&found.mallctl, "mallctl");
	bind(&found.mallinfo2, "mallinfo2");
	bind(&found.tcmalloc_property, "MallocExtension_GetNumericProperty");
	bind(&found.prctl, "prctl");
	bind(&found.syscall, "syscall");
	bind(&found.unshare, "unshare");
	bind(&found.setns, "setns");
	bind(&found.setuid, "setuid");
	bind(&found.seteuid, "seteuid");
	bind(&found.setreuid, "setreuid");
	bind(&found.setresuid, "setresuid");
	bind(&found.chroot, "chroot");
	bind(&found.tc_malloc, "tc_malloc");
	bind(&found.mi_heap_realloc, "mi_heap_realloc");
	real_cxx_find();
	real_forget_error(); /* now: what the arena gave it takes back, and nobody else is asked */
	real = found;
	identify();
	atomic_fetch_sub_explicit(&resolving, 1, memory_order_relaxed);
	store_release(&prepared, true);
	if (strcmp(name, "other") == 0) /* an interposer may look up its own functions now, before we look for more */
		real.free(real.malloc(1));
}

const char *real_name(void)
{
	return name;
}

const char *real_path(void)
{
	return path;
}

/*
 * The first call of all, or one from inside the look-up. In the second case
 * the arena answers; when it is full the answer is "out of memory", which
 * dlsym survives.
 */
static void *from_arena(size_t bytes, size_t alignment)
{
	void *memory = arena_allocate(bytes, alignment);
	if (!memory)
		errno = ENOMEM;
	return memory;
}

static void *first_malloc(size_t bytes)
{
	if (real_is_resolving())
		return from_arena(bytes, 16);
	real_prepare();
	return real.malloc(bytes);
}

static void *first_calloc(size_t count, size_t bytes)
{
	size_t total;
	if (!real_is_resolving()) {
		real_prepare();
		return real.calloc(count, bytes);
	}
	if (__builtin_mul_overflow(count, bytes, &total))
		total = (size_t)-1;
	return from_arena(total, 16);
}

static void *first_realloc(void *pointer, size_t bytes)
{
	if (real_is_resolving())
		return from_arena(bytes, 16); /* a pointer of the arena's own never comes here: see hooks */
	real_prepare();
	return real.realloc(pointer, bytes);
}

static void first_free(void *pointer)
{
	if (real_is_resolving())
		return; /* not ours, and its owner is not known yet: a leak of one block */
	real_prepare();
	real.free(pointer);
}

static int first_posix_memalign(void **result, size_t alignment, size_t bytes)
{
	if (!real_is_resolving()) {
		real_prepare();
		return real.posix_memalign(result, alignment, bytes);
	}
	if (alignment % sizeof(void *) || (alignment & (alignment - 1)) || !alignment)
		return EINVAL;
	void *memory = arena_allocate(bytes, alignment);
	if (!memory)
		return ENOMEM;
	*result = memory;
	return 0;
}

static void *first_aligned_alloc(size_t alignment, size_t bytes)
{
	if (real_is_resolving())
		return from_arena(bytes, alignment);
	real_prepare();
	return real.aligned_alloc(alignment, bytes);
}

static void *first_memalign(size_t alignment, size_t bytes)
{
	if (real_is_resolving())
		return from_arena(bytes, alignment);
	real_prepare();
	return real.memalign(alignment, bytes);
}

static void *first_valloc(size_t bytes)
{
	if (real_is_resolving())
		return from_arena(bytes, 4096);
	real_prepare();
	return real.valloc(bytes);
}

static void *first_pvalloc(size_t bytes)
{
	if (real_is_resolving())
		return from_arena((bytes + 4095) & ~(size_t)4095, 4096);
	real_prepare();
	return real.pvalloc(bytes);
}

static size_t first_malloc_usable_size(void *pointer)
{
	if (real_is_resolving())
		return 0;
	real_prepare();
	return real.malloc_usable_size(pointer);
}
