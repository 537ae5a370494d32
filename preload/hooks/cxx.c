/* SPDX-License-Identifier: Apache-2.0 */
/*
 * operator new and delete. libstdc++'s call malloc and free, which are ours,
 * so they are passed through; an allocator's own (jemalloc, tcmalloc,
 * mimalloc) do not, so they count here: one event for each object, never two.
 * Which of the two the next definition is, is told by the library it lies in,
 * for each form by itself.
 *
 * A C program that loads a C++ plugin with RTLD_LOCAL binds the plugin's new
 * to ours, with no next definition in lookup order: then libstdc++'s is found
 * among the loaded libraries, on the first call and never on a sampled one.
 * Exceptions pass through these frames by their unwind tables; nothing of ours
 * is held while a real function runs.
 */
#include <dlfcn.h>

#include "base/atomics.h"
#include "hooks/cxx.h"
#include "hooks/hook.h"

/* What the mangled names' parameters are in C: size_t, then the alignment by value, then the nothrow tag by reference.
 */
#define NEW_FORMS(X)                                                                                                   \
	X(_Znwm, (size_t size), (size))                                                                                \
	X(_Znam, (size_t size), (size))                                                                                \
	X(_ZnwmRKSt9nothrow_t, (size_t size, const void *tag), (size, tag))                                            \
	X(_ZnamRKSt9nothrow_t, (size_t size, const void *tag), (size, tag))                                            \
	X(_ZnwmSt11align_val_t, (size_t size, size_t alignment), (size, alignment))                                    \
	X(_ZnamSt11align_val_t, (size_t size, size_t alignment), (size, alignment))                                    \
	X(_ZnwmSt11align_val_tRKSt9nothrow_t, (size_t size, size_t alignment, const void *tag),                        \
	  (size, alignment, tag))                                                                                      \
	X(_ZnamSt11align_val_tRKSt9nothrow_t, (size_t size, size_t alignment, const void *tag), (size, alignment, tag))

#define DELETE_FORMS(X)                                                                                                \
	X(_ZdlPv, (void *address), (address))                                                                          \
	X(_ZdaPv, (void *address), (address))                                                                          \
	X(_ZdlPvm, (void *address, size_t size), (address, size))                                                      \
	X(_ZdaPvm, (void *address, size_t size), (address, size))                                                      \
	X(_ZdlPvRKSt9nothrow_t, (void *address, const void *tag), (address, tag))                                      \
	X(_ZdaPvRKSt9nothrow_t, (void *address, const void *tag), (address, tag))                                      \
	X(_ZdlPvSt11align_val_t, (void *address, size_t alignment), (address, alignment))                              \
	X(_ZdaPvSt11align_val_t, (void *address, size_t alignment), (address, alignment))                              \
	X(_ZdlPvmSt11align_val_t, (void *address, size_t size, size_t alignment), (address, size, alignment))          \
	X(_ZdaPvmSt11align_val_t, (void *address, size_t size, size_t alignment), (address, size, alignment))          \
	X(_ZdlPvSt11align_val_tRKSt9nothrow_t, (void *address, size_t alignment, const void *tag),                     \
	  (address, alignment, tag))                                                                                   \
	X(_ZdaPvSt11align_val_tRKSt9nothrow_t, (void *address, size_t alignment, const void *tag),                     \
	  (address, alignment, tag))

/* A countdown that no program reaches. */
#define NOT_DUE (UINT64_MAX / 2)

/* What the look-up itself allocates is no business of the program's. */
static void *find(const char *name)
{
	struct thread_state saved = thread_state;
	thread_state.countdown = NOT_DUE;
	void *found = dlsym(RTLD_NEXT, name);
	static const char *const libraries[] = {"libstdc++.so.6", "libc++.so.1"};
	for (size_t i = 0; !found && i < sizeof libraries / sizeof *libraries; i++) {
		void *library = dlopen(libraries[i], RTLD_LAZY | RTLD_NOLOAD);
		if (library)
			found = dlsym(library, name);
	}
	thread_state = saved;
	return found;
}

static bool is_allocators(const void *next)
{
	Dl_info allocator, definition;
	return dladdr((void *)(uintptr_t)real.malloc, &allocator) && dladdr(next, &definition) &&
	       allocator.dli_fbase == definition.dli_fbase;
}

/*
 * Each form: a pointer that starts at its own look-up, the binding, the slow part, and the hook. A form counts here if
 * the next definition is the allocator's and does not come back to one of our hooks: then the thread's countdown would
 * move. (jemalloc's aligned forms come back, its others do not; before 5.3 all did.)
 */
#define DEFINE_NEW(name, parameters, arguments)                                                                        \
	EXPORT void *name parameters;                                                                                  \
	static void *first_##name parameters;                                                                          \
	static void *(*next_##name)parameters = first_##name;                                                          \
	static _Atomic bool counts_##name;                                                                             \
	static SLOW void bind_##name(void *found)                                                                      \
	{                                                                                                              \
		size_t size = 16, alignment = 16;                                                                      \
		const char *tag = "";                                                                                  \
		(void)alignment, (void)tag;                                                                            \
		*(void **)&next_##name = found;                                                                        \
		if (!is_allocators(found))                                                                             \
			return;                                                                                        \
		struct thread_state saved = thread_state;                                                              \
		thread_state.countdown = NOT_DUE;                                                                      \
		real.free(next_##name arguments);                                                                      \
		store_relaxed(&counts_##name, thread_state.countdown == NOT_DUE);                                      \
		thread_state = saved;                                                                                  \
	}                                                                                                              \
	static SLOW void *first_##name parameters                                                                      \
	{                                                                                                              \
		void *found = find(#name);                                                                             \
		if (!found)                                                                                            \
			return real.malloc(size);                                                                      \
		bind_##name(found);                                                                                    \
		return next_##name arguments;                                                                          \
	}                                                                                                              \
	static SLOW void *slow_##name parameters                                                                       \
	{                                                                                                              \
		bool due = recorder_due(size);                                                                         \
		void *address = next_##name arguments;                                                                 \
		SAMPLE_IF(due, address, size);                                                                         \
		return address;                                                                                        \
	}                                                                                                              \
	void *name parameters                                                                                          \
	{                                                                                                              \
		if (load_relaxed(&counts_##name) && unlikely(thread_count(size)))                                      \
			return slow_##name arguments;                                                                  \
		return next_##name arguments;                                                                          \
	}

/* A delete takes its sample out in any case: where the next one comes back to our free, there is nothing left to take.
 */
#define DEFINE_DELETE(name, parameters, arguments)                                                                     \
	EXPORT void name parameters;                                                                                   \
	static void first_##name parameters;                                                                           \
	static void(*next_##name) parameters = first_##name;                                                           \
	static SLOW void first_##name parameters                                                                       \
	{                                                                                                              \
		void *found = find(#name);                                                                             \
		if (!found) {                                                                                          \
			real.free(address);                                                                            \
			return;                                                                                        \
		}                                                                                                      \
		*(void **)&next_##name = found;                                                                        \
		next_##name arguments;                                                                                 \
	}                                                                                                              \
	void name parameters                                                                                           \
	{                                                                                                              \
		if (unlikely(filter_test(address)))                                                                    \
			recorder_forget(address);                                                                      \
		next_##name arguments;                                                                                 \
	}

NEW_FORMS(DEFINE_NEW)
DELETE_FORMS(DEFINE_DELETE)

#define BIND(name, parameters, arguments)                                                                              \
	if ((found = dlsym(RTLD_NEXT, #name)))                                                                         \
		*(void **)&next_##name = found;
#define BIND_NEW(name, parameters, arguments)                                                                          \
	if ((found = dlsym(RTLD_NEXT, #name)))                                                                         \
		bind_##name(found);

void cxx_prepare(void)
{
	void *found;
	if (!dlsym(RTLD_NEXT, "_Znwm"))
		return; /* no C++ yet: the first call looks */
	NEW_FORMS(BIND_NEW)
	DELETE_FORMS(BIND)
}
