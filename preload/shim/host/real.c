/* SPDX-License-Identifier: Apache-2.0 */
/* Look-up of the next allocator: see real.h. */
#include "shim/host/real.h"

#include <dlfcn.h>
#include <link.h>
#include <string.h>

#include "keeper/base/atomics.h"
#include "keeper/elf/image.h"
#include "shim/host/exports.h"
#include "shim/host/joined.h"

static _Atomic int resolving; /* look-ups under way */
static _Atomic bool prepared;
static const char *name = "other", *path = "";

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
#define TITLE(title, rows) {title, title},
	static const struct {
		const char *part, *name;
	} known[] = {SEEP_ALLOCATOR_APIS(TITLE){"libc.so", "glibc"}, {"libc-2", "glibc"}};
	const char *base = strrchr(path, '/');
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (strstr(base ? base : path, known[i].part)) {
			name = known[i].name;
			return;
		}
	}
	if (real.mallctl) /* jemalloc under another file name */
		name = "jemalloc";
}

/* dlerror() would translate a pending message. We may be inside gettext's own allocation, with its lock held, so a
 * look-up that succeeds drops the message first. Then the first dlerror() finds none, and the second gives its
 * memory away. */
void real_forget_error(void)
{
	if (is_joined())
		return; /* nothing was looked up by dlsym() */
	void *volatile found = dlsym(RTLD_NEXT, "free");
	(void)found;
	dlerror();
	dlerror();
}

/* A name, and the place of its pointer in struct real. */
struct entry {
	const char *name;
	size_t field;
};
#define ENTRY_OF(name, ...) {#name, offsetof(struct real, name)},
#define OTHER_OF(returns, name, parameters) {#name, offsetof(struct real, name)},
static const struct entry c_entries[] = {SEEP_ENTRY_POINTS_OF_C(ENTRY_OF)};
static const struct entry cxx_entries[] = {SEEP_ENTRY_POINTS_OF_CXX(ENTRY_OF)};
static const struct entry others[] = {REAL_OTHERS(OTHER_OF)};
#define LENGTH(entries) (sizeof(entries) / sizeof *(entries))
#define ONE_MORE(...) +1
enum { NAMES = SEEP_ENTRY_POINTS(ONE_MORE), GROUPS = 2 SEEP_ALLOCATOR_APIS(ONE_MORE) };

extern __attribute__((visibility("hidden"))) const ElfW(Ehdr) __ehdr_start;

/* dlsym() asked in vain keeps a message, which the next dlsym() frees by the program's own `free`: one that looks up the real
 * one at its first call would come back to that message, without end. */
static void *definition_behind_us(const char *wanted)
{
	return image_is_defined_behind((uintptr_t)&__ehdr_start, wanted) ? dlsym(RTLD_NEXT, wanted) : NULL;
}

static void *look_up(struct real *found, const struct entry *entry)
{
	void *function = is_joined() ? joined_definition(entry->name) : definition_behind_us(entry->name);
	if (function)
		memcpy((char *)found + entry->field, &function, sizeof function);
	return function;
}

/* The names that nobody behind us has, in groups that belong together. */
struct missing {
	const char *names[NAMES];
	bool is_called[NAMES];
	size_t count, group_ends[GROUPS], groups;
};

/* Where an API's first name is missing, there is no such API. */
static void look_up_group(struct real *found, const struct entry *entries, size_t count, bool is_api,
			  struct missing *missing)
{
	bool is_there = true;
	for (size_t i = 0; i < count; i++) {
		const bool has_it = is_there && look_up(found, &entries[i]);
		if (is_api && i == 0)
			is_there = has_it;
		if (missing && !has_it)
			missing->names[missing->count++] = entries[i].name;
	}
	if (missing)
		missing->group_ends[missing->groups++] = missing->count;
}

/* What is missing is not a name of ours either: see exports.h. But where the program or a library calls one of a group's names,
 * if only by a weak reference, it may have seen already that it is there. */
static void withdraw(struct missing *missing)
{
	size_t kept = 0, start = 0;
	image_mark_called((uintptr_t)&__ehdr_start, missing->names, missing->count, missing->is_called);
	for (size_t group = 0; group < missing->groups; start = missing->group_ends[group++]) {
		const size_t end = missing->group_ends[group];
		if (!memchr(&missing->is_called[start], true, end - start))
			for (size_t i = start; i < end; i++)
				missing->names[kept++] = missing->names[i];
	}
	exports_withdraw(missing->names, kept);
}

static void look_up_all(struct real *found)
{
	static _Atomic bool withdrawn; /* of the threads that look names up at the same time, one has `all` */
	static struct missing all;
	struct missing *missing =
	    is_joined() /* nobody looks names up in us then */ || atomic_exchange(&withdrawn, true) ? NULL : &all;
	look_up_group(found, c_entries, LENGTH(c_entries), false, missing);
	for (size_t i = 0; i < LENGTH(others); i++)
		look_up(found, &others[i]);
#define LOOK_UP_API(title, rows)                                                                                       \
	{                                                                                                              \
		static const struct entry entries[] = {rows(ENTRY_OF)};                                                \
		look_up_group(found, entries, LENGTH(entries), true, missing);                                         \
	}
	SEEP_ALLOCATOR_APIS(LOOK_UP_API)
	look_up_group(found, cxx_entries, LENGTH(cxx_entries), false, missing);
	if (missing)
		withdraw(missing);
}

/* C's functions come last, malloc at the very end: an allocator's malloc may call its own mi_malloc, which is ours
 * and must know the real one by then. */
static void publish(const struct real *found)
{
	void **to = (void **)&real;
	for (size_t i = sizeof real / sizeof *to; i-- > 0;)
		__atomic_store_n(&to[i], ((void *const *)found)[i], __ATOMIC_RELEASE);
}

void real_prepare(void)
{
	if (load_acquire(&prepared))
		return;
	atomic_fetch_add_explicit(&resolving, 1, memory_order_relaxed);
	struct real found = real;
	look_up_all(&found);
	real_forget_error(); /* before publish(): what dlsym() allocated goes back to the arena, and to nobody's free */
	publish(&found);
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
