/* SPDX-License-Identifier: Apache-2.0 */
/*
 * operator new and delete. libstdc++'s call malloc and free, which are ours,
 * so they are passed through; an allocator's own (jemalloc, tcmalloc,
 * mimalloc) do not, so they count here: one event for each object, never two.
 * Which of the two the next definition is, is told by the library it lies in,
 * for each form by itself.
 *
 * A form that nobody defines behind us is no name of ours after the look-up
 * (shim/host/real_cxx.h): a plugin of a C program has its own libstdc++'s, or one
 * that it defines itself, as without us, and nothing is looked up later.
 * Exceptions pass through these frames by their unwind tables; nothing of ours
 * is held while a real function runs.
 */
#include <dlfcn.h>
#include <malloc.h>

#include "keeper/base/atomics.h"
#include "shim/hooks/cxx.h"
#include "shim/hooks/hook.h"
#include "shim/host/real_cxx.h"

/* What the mangled names' parameters are in C: size_t, then the alignment by value, then the nothrow tag by reference.
 */
#define NEW_FORMS(X)                                                                                                   \
	X(_Znwm, (size_t size), (size), 0)                                                                             \
	X(_Znam, (size_t size), (size), 0)                                                                             \
	X(_ZnwmRKSt9nothrow_t, (size_t size, const void *tag), (size, tag), 0)                                         \
	X(_ZnamRKSt9nothrow_t, (size_t size, const void *tag), (size, tag), 0)                                         \
	X(_ZnwmSt11align_val_t, (size_t size, size_t alignment), (size, alignment), alignment)                         \
	X(_ZnamSt11align_val_t, (size_t size, size_t alignment), (size, alignment), alignment)                         \
	X(_ZnwmSt11align_val_tRKSt9nothrow_t, (size_t size, size_t alignment, const void *tag),                        \
	  (size, alignment, tag), alignment)                                                                           \
	X(_ZnamSt11align_val_tRKSt9nothrow_t, (size_t size, size_t alignment, const void *tag),                        \
	  (size, alignment, tag), alignment)

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
#define NOT_DUE THREAD_STRETCH

static bool is_allocators(const void *next)
{
	Dl_info allocator, definition;
	return dladdr((void *)(uintptr_t)real.malloc, &allocator) && dladdr(next, &definition) &&
	       allocator.dli_fbase == definition.dli_fbase;
}

/* A form that was bound to ours before its name was taken back, and that nobody has: without us it would be a jump to
 * nowhere. */
static SLOW void *plain_new(size_t size, size_t alignment)
{
	return alignment > 16 ? memalign(alignment, size) : malloc(size);
}

/*
 * Each form: a pointer that starts at its own look-up, the binding, the slow part, and the hook. A form counts here if
 * the next definition is the allocator's and does not come back to one of our hooks: then the thread's countdown would
 * move. (jemalloc's aligned forms come back, its others do not; before 5.3 all did.)
 */
#define DEFINE_NEW(name, parameters, arguments, alignment_asked)                                                       \
	EXPORT void *name parameters;                                                                                  \
	static void *first_##name parameters;                                                                          \
	static void *(*next_##name)parameters = first_##name;                                                          \
	static _Atomic bool counts_##name;                                                                             \
	static SLOW void bind_##name(void)                                                                             \
	{                                                                                                              \
		size_t size = 16, alignment = 16;                                                                      \
		const char *tag = "";                                                                                  \
		(void)alignment, (void)tag;                                                                            \
		if (!real_cxx[REAL_##name])                                                                            \
			return;                                                                                        \
		*(void **)&next_##name = real_cxx[REAL_##name];                                                        \
		if (!is_allocators(real_cxx[REAL_##name]))                                                             \
			return;                                                                                        \
		struct thread_state saved = thread_state;                                                              \
		thread_state.countdown = NOT_DUE;                                                                      \
		real.free(next_##name arguments);                                                                      \
		store_relaxed(&counts_##name, thread_state.countdown == NOT_DUE);                                      \
		thread_state = saved;                                                                                  \
	}                                                                                                              \
	static SLOW void *first_##name parameters                                                                      \
	{                                                                                                              \
		real_prepare();                                                                                        \
		void *(*next)parameters;                                                                               \
		*(void **)&next = real_cxx[REAL_##name];                                                               \
		return next ? next arguments : plain_new(size, (alignment_asked));                                     \
	}                                                                                                              \
	static SLOW void *slow_##name parameters                                                                       \
	{                                                                                                              \
		recorder_undo(size);                                                                                   \
		void *address = next_##name arguments;                                                                 \
		COUNT(address, size);                                                                                  \
		return address;                                                                                        \
	}                                                                                                              \
	void *name parameters                                                                                          \
	{                                                                                                              \
		if (load_relaxed(&counts_##name) && unlikely(thread_count(size)))                                      \
			return slow_##name arguments;                                                                  \
		return next_##name arguments;                                                                          \
	}

/* A delete takes the sample out where the next one is the allocator's. Any other may keep the memory: a pool whose
 * first object is where its chunk begins. What it does give back comes by free, or by another delete. */
#define DEFINE_DELETE(name, parameters, arguments)                                                                     \
	EXPORT void name parameters;                                                                                   \
	static void first_##name parameters;                                                                           \
	static void(*next_##name) parameters = first_##name;                                                           \
	static _Atomic bool frees_##name;                                                                              \
	static SLOW void bind_##name(void)                                                                             \
	{                                                                                                              \
		if (!real_cxx[REAL_##name])                                                                            \
			return;                                                                                        \
		store_relaxed(&frees_##name, is_allocators(real_cxx[REAL_##name]));                                    \
		*(void **)&next_##name = real_cxx[REAL_##name];                                                        \
	}                                                                                                              \
	static SLOW void first_##name parameters                                                                       \
	{                                                                                                              \
		real_prepare();                                                                                        \
		void(*next) parameters;                                                                                \
		*(void **)&next = real_cxx[REAL_##name];                                                               \
		if (next)                                                                                              \
			next arguments;                                                                                \
		else                                                                                                   \
			free(address);                                                                                 \
	}                                                                                                              \
	void name parameters                                                                                           \
	{                                                                                                              \
		if (unlikely(filter_test(address)) && load_relaxed(&frees_##name))                                     \
			recorder_forget(address);                                                                      \
		next_##name arguments;                                                                                 \
	}

NEW_FORMS(DEFINE_NEW)
DELETE_FORMS(DEFINE_DELETE)

#define BIND(name, ...) bind_##name();

void cxx_prepare(void)
{
	NEW_FORMS(BIND)
	DELETE_FORMS(BIND)
}
