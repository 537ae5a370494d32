/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the program's stack becomes ours. A program may call with a stack that
 * is not aligned, which libc does not mind; compilers put vectors there. Hooks
 * are compiled without vectors (Makefile) and don't align the stack, since
 * stacks are walked from their frames; the functions that they call align it
 * first.
 */
#ifndef SEEP_BASE_ENTRY_H
#define SEEP_BASE_ENTRY_H

#include <stdint.h>

#ifdef __x86_64__
#define ENTRY __attribute__((force_align_arg_pointer))
#else
#define ENTRY
#endif

/* A program may have each of its accesses checked for alignment, and ours are not aligned; or it may call while it copies
 * backwards, and our copies, compilers' own among them, go forwards. Functions that work on tables, stacks and texts begin with
 * this statement: until they end, both are off. */
#ifdef __x86_64__
#define ENTRY_ALIGNMENT (UINT64_C(1) << 18) /* EFLAGS.AC */
#define ENTRY_BACKWARDS (UINT64_C(1) << 10) /* EFLAGS.DF */
#define ENTRY_STEPS (UINT64_C(1) << 8)      /* EFLAGS.TF: a program steps through itself, by traps */
#define ENTRY_WITHOUT(flags)                                                                                           \
	__attribute__((cleanup(entry_resume), unused)) const uint64_t entry_suspended = entry_suspend(flags)
static inline uint64_t entry_suspend(uint64_t flags)
{
	uint64_t found = __builtin_ia32_readeflags_u64() & flags;
	if (__builtin_expect(found != 0, 0))
		__builtin_ia32_writeeflags_u64(__builtin_ia32_readeflags_u64() & ~found);
	return found;
}
static inline void entry_resume(const uint64_t *found)
{
	if (__builtin_expect(*found != 0, 0))
		__builtin_ia32_writeeflags_u64(__builtin_ia32_readeflags_u64() | *found);
}
#else
#define ENTRY_ALIGNMENT 0
#define ENTRY_BACKWARDS 0
#define ENTRY_STEPS 0
#define ENTRY_WITHOUT(flags) (void)0
#endif
#define ENTRY_PLAIN_FLAGS ENTRY_WITHOUT(ENTRY_ALIGNMENT | ENTRY_BACKWARDS)

#endif
