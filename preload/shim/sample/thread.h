/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state of each thread: its countdown of bytes to the next sample point. It
 * is initial-exec TLS of less than 64 bytes, plain zero-initialised data
 * without a destructor, so it is valid before constructors and after
 * destructors of TLS have run. Zero means that the thread was never seen: its
 * first allocation asks.
 */
#ifndef SEEP_SAMPLE_THREAD_H
#define SEEP_SAMPLE_THREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* More than any allocator has, in an address space of 47 bits: the call fails, and nothing is counted. */
#define THREAD_ABSURD (UINT64_C(1) << 47)
/* The longest countdown. A longer gap is counted down in several: the rest of a gap is distributed as a new one. */
#define THREAD_STRETCH (UINT64_C(1) << 31)
/* Countdown and gap of a thread that samples everything: from here every allocation asks. */
#define THREAD_ALWAYS (-THREAD_ABSURD)

struct thread_state {
	union {
		uint64_t countdown; /* bytes to the next sample point; negative (as signed) where one was passed */
		uint32_t countdown_halves[2];
	};
	uint64_t gap;    /* the number that the countdown started from */
	uint64_t random; /* generator; 0: this thread was never seen */
	uintptr_t busy;  /* frame of the innermost recording under way on this thread, or 0 */
	uint32_t number; /* the thread's number in the recording `incarnation` */
	uint32_t incarnation;
	uint32_t counted;    /* counts of hooks that may be inside one another: shim/hooks/forms.h */
	uint8_t depth : 4;   /* recordings under way, one inside the other */
	uint8_t refused : 4; /* samples in a row that were one recording too many */
	uint8_t users;       /* uses of the heap file under way; a use that a jump abandons stays counted */
	uint8_t era;         /* the address space that random belongs to: see gate_era() */
	uint8_t label;       /* what the thread works on: its number in shim/record/labels.c, or 0 */
	uintptr_t inside;    /* frame of the outermost of hooks that are inside one another, or 0 */
};

_Static_assert(sizeof(struct thread_state) <= 64, "static TLS is scarce");

extern __attribute__((visibility("hidden"))) _Thread_local struct thread_state thread_state;

/* Around every use of the heap file, from before the gate is read: a child that a handler forks in between comes
 * back to that use. */
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
 * The highest 32 bits of a countdown are 0 while it goes on, and about all ones
 * once it is over.
 *
 * Takes an allocation of `size` bytes off the countdown. True: the slow half is
 * needed, which takes that back by countdown_undo(), makes the real call, and
 * counts what it gave.
 *
 * The answer is read from the countdown and not from the subtraction's borrow:
 * a signal handler that jumps out before the borrow is settled leaves a
 * negative countdown, and then every further allocation asks. An allocation of
 * 0 bytes always asks, and counts as 1 byte there. So does a size that no
 * allocator has, which would push the countdown anywhere.
 */
static inline bool thread_count(size_t size)
{
	bool over;
#if defined(__x86_64__) && defined(__GCC_ASM_FLAG_OUTPUTS__)
	__asm__("subq %2, %0\n\tcmpl $0, %3"
		: "+m"(thread_state.countdown), "=@ccne"(over)
		: "r"(size), "m"(thread_state.countdown_halves[1]));
#else
	thread_state.countdown -= size;
	over = thread_state.countdown >> 32;
#endif
	return over | (size - 1 >= THREAD_ABSURD - 1);
}

/*
 * The same for malloc, in as few instructions as there can be: those 32 bits
 * are compared with the lowest 32 bits of the size, so that 0 bytes ask, too.
 * docs/FAST_PATH.md says what this misses and how that is found afterwards.
 */
static inline bool thread_count_tersely(size_t size)
{
#if defined(__x86_64__) && defined(__GCC_ASM_FLAG_OUTPUTS__)
	bool asks; /* compilers make seven instructions of this */
	__asm__("subq %2, %0\n\tcmpl %k2, %3"
		: "+m"(thread_state.countdown), "=@ccae"(asks)
		: "r"(size), "m"(thread_state.countdown_halves[1]));
	return asks;
#else
	return thread_count(size);
#endif
}

/* In the child of fork(), which has this thread alone: its countdown and generator must not be its parent's. The
 * next allocation asks and draws both anew, because the rest of a gap is distributed as a gap. */
static inline void thread_begin_child(void)
{
	if (!thread_state.random)
		return;
	thread_state.random = 0;
	thread_state.countdown = THREAD_ALWAYS;
}

#endif
