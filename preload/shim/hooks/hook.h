/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All hooks share this. A hook has two parts. The fast part counts down or
 * tests the filter and tail-calls the next allocator. The slow part is out of
 * line, makes the real call and calls the recorder once. Sampled frames start
 * at the slow part's frame: the fast part tail-calls it, so its return address
 * is the program's.
 */
#ifndef SEEP_HOOKS_HOOK_H
#define SEEP_HOOKS_HOOK_H

#include <errno.h>

#include "shim/hooks/lifecycle.h"
#include "keeper/base/atomics.h"
#include "shim/host/real.h"
#include "shim/record/recorder.h"

#define EXPORT __attribute__((visibility("default")))
#define SLOW __attribute__((noinline, cold))
#define HOT __attribute__((aligned(64))) /* all of the fast path in one cache line */
#define likely(condition) __builtin_expect(!!(condition), 1)
#define unlikely(condition) __builtin_expect(!!(condition), 0)
#define HOOK_FRAME() __builtin_frame_address(0)

/* Turns the result of a raw system call into what libc's functions return. */
static inline long as_libc(long result)
{
	if ((unsigned long)result <= -4096UL)
		return result;
	errno = (int)-result;
	return -1;
}

/* In malloc's hook, where a bypass is claimed: withdraws that if the module that has its own malloc is the caller. */
extern HIDDEN seep_atomic32 bypass_is_claimed;
void bypass_weigh(const void *hook_frame);

/* mlockall(), for syscall(): in a process that was joined, that name is libc's. */
int memory_lock(int flags);

/* The same for mprotect, pkey_mprotect, madvise, munmap, mremap and mmap: what must be known before the call. */
void memory_watch(long number, const long arguments[5]);

/* The kernel has set this limit (of enum __rlimit_resource) of our process. */
void memory_limit_note(int resource);

/* In a hook's slow half, after the real call: counts what the allocator gave. */
#define COUNT(address, size) COUNT_RESIZED(address, size, NULL)
#define COUNT_RESIZED(address, size, resized)                                                                          \
	do {                                                                                                           \
		if ((address) && thread_count(size) && lifecycle_is_due(size))                                         \
			recorder_sample((address), (size), HOOK_FRAME(), (resized));                                   \
	} while (0)

#endif
