/* SPDX-License-Identifier: Apache-2.0 */
/*
 * operator new and delete. libstdc++'s call malloc and free, which are ours, so
 * the hooks pass them through. An allocator's own (jemalloc, tcmalloc,
 * mimalloc) do not, so the hooks count them: one event for each object, never
 * two. The library that a definition lies in tells the two apart, for each form
 * by itself.
 *
 * A form that nobody behind us defines is not a name of ours after the look-up
 * (shim/host/exports.h): a plugin of a C program gets its own libstdc++'s or
 * its own definition, as without us, and nothing is looked up later. A
 * reference that was bound to ours before gets a stand-in, which counts here.
 * Exceptions pass through these frames by their unwind tables; the shim holds
 * nothing while a real function runs.
 */
#include <dlfcn.h>
#include <string.h>

#include "keeper/base/atomics.h"
#include "keeper/elf/image.h"
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

/* The form's own delete takes the trial's block, since a debugging allocator ends a program that uses another one. But a delete
 * may call the first `free` in the program's order of look-up; where that is the program's own, the real free takes the block. */
static void give_back(const char *form, void *address, size_t alignment)
{
	bool is_array = form[3] == 'a', is_aligned = strstr(form, "align_val_t");
	void (*plain)(void *) = is_array ? real._ZdaPv : real._ZdlPv;
	void (*aligned)(void *, size_t) = is_array ? real._ZdaPvSt11align_val_t : real._ZdlPvSt11align_val_t;
	const void *own = is_aligned ? (void *)(uintptr_t)aligned : (void *)(uintptr_t)plain;
	if (!is_allocators(own) || !is_allocators(image_first_definition(0, "free")))
		real.free(address);
	else if (is_aligned)
		aligned(address, alignment);
	else
		plain(address);
}

/*
 * For each form: whether it counts, the trial that finds out, the slow part,
 * and the hook. A form counts here if the next definition is the allocator's
 * and does not come back to one of our hooks, which would move the thread's
 * countdown. (In jemalloc 5.3 the aligned forms come back and the others do
 * not; before 5.3 all did.)
 */
#define HOOK_ALLOCATE_CXX(name, parameters, arguments, size_asked, alignment_asked, traits)                            \
	static _Atomic bool counts_##name;                                                                             \
	static SLOW void try_##name(void)                                                                              \
	{                                                                                                              \
		size_t size = 16, alignment = 16;                                                                      \
		const char *tag = "";                                                                                  \
		(void)tag;                                                                                             \
		if (!is_allocators((void *)(uintptr_t)real.name))                                                      \
			return;                                                                                        \
		struct thread_state saved = trial_begin();                                                             \
		give_back(#name, real.name arguments, alignment);                                                      \
		store_relaxed(&counts_##name, trial_end(&saved));                                                      \
	}                                                                                                              \
	HOOK_ALLOCATE_WHERE(name, parameters, arguments, size_asked, load_relaxed(&counts_##name))

/* A delete takes the sample out where the next definition is the allocator's. Any other definition may keep the
 * memory, such as a pool whose first object is where its chunk begins. Memory that it does give back comes by free
 * or by another delete. */
#define HOOK_RELEASE_CXX(name, parameters, arguments, ...)                                                             \
	static _Atomic bool frees_##name;                                                                              \
	static SLOW void try_##name(void)                                                                              \
	{                                                                                                              \
		store_relaxed(&frees_##name, is_allocators((void *)(uintptr_t)real.name));                             \
	}                                                                                                              \
	HOOK_RELEASE_WHERE(name, parameters, arguments, load_relaxed(&frees_##name))

SEEP_ENTRY_POINTS_OF_CXX(HOOK)

#define TRY(name, ...) try_##name();

void cxx_prepare(void)
{
	SEEP_ENTRY_POINTS_OF_CXX(TRY)
}
