/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The filter: may this address be a sampled one? A table of counters indexed
 * by a hash of the address, private to the process. A zero says no for certain,
 * and costs five instructions; anything else asks the live table.
 *
 * The hash is the top 20 bits of address * 17 in 32 bits, which is (address >>
 * 8) + (address >> 12): one multiplication and one shift. So 256 bytes of a
 * heap share a counter, 16 KiB a cache line, and 256 MiB fill the table: -
 * Threads that work on different parts of the heap read different lines; a mark
 * by one takes no line from another's cache. With a counter for each 16 bytes,
 * in 64 KiB, all threads read all lines, and a sample costs all others a miss:
 * `make bench-filter`. - A heap touches 1/256 of its size here. Pages that were
 * never marked are all the kernel's one zero page. - "Maybe" is wrong for
 * blocks beside a sample, 256 bytes in each rate's worth (0.05 % at 512K), and
 * for blocks that are hashed to a sample's counter: one in a million for each
 * live sample.
 *
 * A counter goes up when an address is marked and down when it is unmarked; at
 * 255 it stays (the filter then says "maybe" there for ever, which is never
 * wrong). An address is marked before the program has it and unmarked after
 * the program has given it back, so the happens-before of the program's own
 * hand-over covers it: relaxed order is enough.
 */
#ifndef SEEP_HOST_FILTER_H
#define SEEP_HOST_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "keeper/base/atomics.h"

#ifndef FILTER_BITS /* others are for tests/bench/filter_layouts.sh */
#define FILTER_BITS 20
#define FILTER_FACTOR 17
#endif
#define FILTER_SLOTS (1u << FILTER_BITS)
#define FILTER_STUCK 255u

extern HIDDEN _Atomic uint8_t filter_counters[FILTER_SLOTS];

static inline _Atomic uint8_t *filter_slot(const void *address)
{
#ifdef __x86_64__
	uint32_t hash; /* compilers would make a shift and an addition of it */
	__asm__("imull %2, %k1, %0" : "=r"(hash) : "r"(address), "i"(FILTER_FACTOR) : "cc");
#else
	uint32_t hash = (uint32_t)(uintptr_t)address * (uint32_t)FILTER_FACTOR;
#endif
	return &filter_counters[hash >> (32 - FILTER_BITS)];
}

static inline bool filter_test(const void *address)
{
#if defined(__x86_64__) && defined(__GCC_ASM_FLAG_OUTPUTS__) && !defined(__SANITIZE_THREAD__)
	/* a byte load is atomic; compilers would load and test, where one comparison is enough */
	bool maybe;
	__asm__("cmpb $0, %1" : "=@ccne"(maybe) : "m"(*filter_slot(address)));
	return maybe;
#else
	return load_relaxed(filter_slot(address)) != 0;
#endif
}

/* Any thread, signal-safe, lock-free. */
void filter_mark(const void *address);
void filter_unmark(const void *address);

/* The first address from `from` on and before `end`, in steps of 8 bytes, for which filter_test() says maybe; NULL:
 * none. */
const void *filter_find(const void *from, const void *end);

/* After fork: the child's filter knows none of the parent's samples. The arena's blocks stay marked. */
void filter_reset(void);
void filter_mark_for_ever(const void *address);

#endif
