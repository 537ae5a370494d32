/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each thread keeps: its countdown of bytes to the next sample point.
 * Initial-exec TLS, under 64 bytes, plain zero-initialised data without a
 * destructor: valid before constructors and after TLS destructors have run.
 * Zero means a thread that was never seen: its first allocation borrows.
 */
#ifndef SEEP_RECORD_THREAD_H
#define SEEP_RECORD_THREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct thread_state {
	uint64_t countdown; /* bytes to the next sample point */
	uint64_t gap;       /* what the countdown started from */
	uint64_t random;    /* generator; 0: this thread was never seen */
	uintptr_t busy;     /* frame of the recording under way on this thread, or 0 */
	uint32_t number;    /* the thread's number in the recording `incarnation` */
	uint32_t incarnation;
	uint32_t counted; /* by hooks that may be inside one another: hooks/own_api.h */
	bool finding;     /* names of an allocator's own API: a look-up that allocates is not to begin another */
	uintptr_t inside; /* frame of the outermost of them, or 0 */
};

_Static_assert(sizeof(struct thread_state) <= 64, "static TLS is scarce");

extern __attribute__((visibility("hidden"))) _Thread_local struct thread_state thread_state;

/* Takes an allocation of `size` bytes off the countdown; true when it borrows: the allocation may hold a sample point,
 * and recorder_due() must be asked. Unsigned, so a huge size can never raise the countdown. 0 bytes count as 1. */
static inline bool thread_count(size_t size)
{
#if defined(__x86_64__) && defined(__GCC_ASM_FLAG_OUTPUTS__)
	/* The comparison carries when size is 0, and the subtraction takes that carry as the one byte; its own borrow
	 * is the branch. Compilers make seven instructions of this. */
	bool borrow;
	__asm__("cmpq $1, %2\n\tsbbq %2, %0" : "+m"(thread_state.countdown), "=@ccc"(borrow) : "r"(size));
	return borrow;
#else
	uint64_t bytes = size + (size == 0);
	return __builtin_sub_overflow(thread_state.countdown, bytes, &thread_state.countdown);
#endif
}

#endif
