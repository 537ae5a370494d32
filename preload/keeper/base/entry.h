/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the program's stack becomes ours. A program may call with a stack that
 * is not aligned, which libc does not mind; compilers put vectors there. Hooks
 * are compiled without vectors (Makefile) and are not aligned themselves, for
 * stacks are walked from their frames; what they call aligns the stack first.
 */
#ifndef SEEP_BASE_ENTRY_H
#define SEEP_BASE_ENTRY_H

#ifdef __x86_64__
#define ENTRY __attribute__((force_align_arg_pointer))
#else
#define ENTRY
#endif

#endif
