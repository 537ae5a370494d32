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

/* A program may have each of its accesses checked for alignment (EFLAGS.AC), and ours are not aligned. Functions that
 * work on tables, stacks and texts begin with this statement: no access is checked until they end. */
#ifdef __x86_64__
#define ENTRY_ANY_ALIGNMENT                                                                                            \
	__attribute__((cleanup(entry_restore_checks), unused)) const uint64_t entry_flags = entry_suspend_checks()
#define ENTRY_CHECKS (UINT64_C(1) << 18)
static inline uint64_t entry_suspend_checks(void)
{
	uint64_t flags = __builtin_ia32_readeflags_u64();
	if (__builtin_expect((flags & ENTRY_CHECKS) != 0, 0))
		__builtin_ia32_writeeflags_u64(flags & ~ENTRY_CHECKS);
	return flags;
}
static inline void entry_restore_checks(const uint64_t *flags)
{
	if (__builtin_expect((*flags & ENTRY_CHECKS) != 0, 0))
		__builtin_ia32_writeeflags_u64(__builtin_ia32_readeflags_u64() | ENTRY_CHECKS);
}
#else
#define ENTRY_ANY_ALIGNMENT (void)0
#endif

#endif
