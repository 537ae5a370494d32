/* SPDX-License-Identifier: Apache-2.0 */
/*
 * operator new and delete. libstdc++'s call malloc and free, which are ours,
 * so they are passed through; an allocator's own (jemalloc, tcmalloc,
 * mimalloc) do not, so they count here: one event for each object, never two.
 * Which of the two the next definition is, is told by the library it lies in,
 * for each form by itself.
 *
 * A form that nobody defines behind us is no name of ours after the look-up
 * (shim/host/exports.h): a plugin of a C program has its own libstdc++'s, or one
 * that it defines itself, as without us, and nothing is looked up later. What
 * was bound to ours before gets a stand-in, which counts here.
 * Exceptions pass through these frames by their unwind tables; nothing of ours
 * is held while a real function runs.
 */
#include <dlfcn.h>
#include <string.h>

#include "keeper/base/atomics.h"
#include "shim/hooks/lifecycle.h"
#include "shim/hooks/forms.h"

static void *base_of(const void *function)
{
	Dl_info info;
	return dladdr((void *)(uintptr_t)function, &info) ? info.dli_fbase : NULL;
}

/* Is this definition the allocator's, or (where nobody has one) our own stand-in? Any other comes back to our hooks. */
static bool is_allocators(const void *definition)
{
	const void *base = base_of(definition);
	return base && (base == base_of((void *)(uintptr_t)real.malloc) || base == base_of(&real));
}

/*
 * Each form: whether it counts, the trial that finds out, the slow part, and the hook. A form counts here if the next
 * definition is the allocator's and does not come back to one of our hooks: then the thread's countdown would move.
 * (jemalloc's aligned forms come back, its others do not; before 5.3 all did.)
 */
#define HOOK_ALLOCATE_CXX(name, parameters, arguments, size_asked, alignment_asked, traits)                            \
	EXPORT void *name parameters;                                                                                  \
	static _Atomic bool counts_##name;                                                                             \
	static SLOW void try_##name(void)                                                                              \
	{                                                                                                              \
		size_t size = 16, alignment = 16;                                                                      \
		const char *tag = "";                                                                                  \
		(void)alignment, (void)tag;                                                                            \
		if (!is_allocators((void *)(uintptr_t)real.name))                                                      \
			return;                                                                                        \
		struct thread_state saved = trial_begin();                                                             \
		real.free(real.name arguments);                                                                        \
		store_relaxed(&counts_##name, trial_end(&saved));                                                      \
	}                                                                                                              \
	static SLOW void *name##_slowly parameters                                                                     \
	{                                                                                                              \
		countdown_undo(size);                                                                                  \
		void *address = real.name arguments;                                                                   \
		COUNT(address, size);                                                                                  \
		return address;                                                                                        \
	}                                                                                                              \
	void *name parameters                                                                                          \
	{                                                                                                              \
		if (load_relaxed(&counts_##name) && unlikely(thread_count(size)))                                      \
			return name##_slowly arguments;                                                                \
		return real.name arguments;                                                                            \
	}

/* A delete takes the sample out where the next one is the allocator's. Any other may keep the memory: a pool whose
 * first object is where its chunk begins. What it does give back comes by free, or by another delete. */
#define HOOK_RELEASE_CXX(name, parameters, arguments, ...)                                                             \
	EXPORT void name parameters;                                                                                   \
	static _Atomic bool frees_##name;                                                                              \
	static SLOW void try_##name(void)                                                                              \
	{                                                                                                              \
		store_relaxed(&frees_##name, is_allocators((void *)(uintptr_t)real.name));                             \
	}                                                                                                              \
	static SLOW void name##_slowly parameters                                                                      \
	{                                                                                                              \
		if (unlikely(arena_owns(address)))                                                                     \
			return;                                                                                        \
		if (load_relaxed(&frees_##name))                                                                       \
			recorder_forget(address);                                                                      \
		real.name arguments;                                                                                   \
	}                                                                                                              \
	void name parameters                                                                                           \
	{                                                                                                              \
		if (unlikely(filter_test(address)))                                                                    \
			name##_slowly arguments;                                                                       \
		else                                                                                                   \
			real.name arguments;                                                                           \
	}

SEEP_ENTRY_POINTS_OF_CXX(HOOK)

#define TRY(name, ...) try_##name();

void cxx_prepare(void)
{
	SEEP_ENTRY_POINTS_OF_CXX(TRY)
}
