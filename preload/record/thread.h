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

/* Above any size that an address space of 47 bits has room for: the call fails, and nothing is counted. */
#define THREAD_ABSURD (UINT64_C(1) << 47)
/* The longest countdown. A longer gap is gone in several: what is left of one is distributed as a new one. */
#define THREAD_STRETCH (UINT64_C(1) << 46)
/* The countdown of a thread that samples everything: from here every allocation trips. Its gap is this, too. */
#define THREAD_ALWAYS (-THREAD_ABSURD)

struct thread_state {
	union {
		uint64_t countdown; /* bytes to the next sample point; negative (as signed) where one was passed */
		uint16_t countdown_parts[4];
	};
	uint64_t gap;    /* what the countdown started from */
	uint64_t random; /* generator; 0: this thread was never seen */
	uintptr_t busy;  /* frame of the innermost recording under way on this thread, or 0 */
	uint32_t number; /* the thread's number in the recording `incarnation` */
	uint32_t incarnation;
	uint32_t counted;    /* by hooks that may be inside one another: hooks/own_api.h */
	bool finding;        /* names of an allocator's own API: a look-up that allocates is not to begin another */
	uint8_t depth : 4;   /* recordings under way, one in the other */
	uint8_t refused : 4; /* samples in a row since then that were one too many */
	uint8_t users;       /* uses of the heap file under way: one that a jump abandons is never taken off */
	uint8_t era;         /* of the address space that random is for: see gate_era() */
	uintptr_t inside;    /* frame of the outermost of the hooks in one another, or 0 */
};

_Static_assert(sizeof(struct thread_state) <= 64, "static TLS is scarce");

extern __attribute__((visibility("hidden"))) _Thread_local struct thread_state thread_state;

/* Around every use of the heap file, from before the gate is read: a child that is forked in between comes back to it. */
static inline void thread_use(void)
{
	if (thread_state.users < UINT8_MAX)
		thread_state.users++;
}
static inline void thread_end_use(void)
{
	if (thread_state.users < UINT8_MAX)
		thread_state.users--;
}

/*
 * Takes an allocation of `size` bytes off the countdown; true where recorder_due() must be asked.
 *
 * The answer is read from the countdown, not from the subtraction's own borrow: a signal handler that jumps out before
 * the borrow is settled leaves a negative countdown, and then every further allocation asks. The highest 16 bits are 0
 * in a countdown that goes on and all ones in one that is over (sizes are below 2^47). They are compared with the
 * lowest 16 bits of the size, so that 0 bytes always ask (and are counted as 1 there); so do multiples of 64 KiB, which
 * costs them little.
 *
 * A size that no allocator has pushes the countdown anywhere: far up, and a smaller size asks soon; up by less than
 * 2^48 bytes, and whatever comes to the slow half next finds and counts it: recorder_heal(). Where everything is sampled
 * no size of the last 2^47 stops that.
 */
static inline bool thread_count(size_t size)
{
#if defined(__x86_64__) && defined(__GCC_ASM_FLAG_OUTPUTS__)
	bool asks; /* compilers make seven instructions of this */
	__asm__("subq %2, %0\n\tcmpw %w2, %3"
		: "+m"(thread_state.countdown), "=@ccae"(asks)
		: "r"(size), "m"(thread_state.countdown_parts[3]));
	return asks;
#else
	thread_state.countdown -= size;
	return thread_state.countdown >> 48 >= (uint16_t)size;
#endif
}

/* For a slow half that is reached for another reason, too: must recorder_due() be asked? Of the sizes that no allocator
 * has, thread_count() misses some; known here, they cost nothing. */
static inline bool thread_must_ask(bool counted, size_t size)
{
	return counted || size >= THREAD_ABSURD;
}

#endif
