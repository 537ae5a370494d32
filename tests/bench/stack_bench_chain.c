/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A chain of distinct functions with frames of different sizes, for
 * stack_bench.c. Compiled three times: CHAIN=chain_plain without frame
 * pointers, CHAIN=chain_kept with them, CHAIN=chain_shared as a library.
 */
#include "stack_bench.h"

#define JOIN_(a, b) a##_##b
#define JOIN(a, b) JOIN_(a, b)

/* Each link keeps some bytes alive across the call, so it is not a tail call. */
#define LINK(number, next, bytes)                                                                                      \
	static __attribute__((noinline)) int JOIN(CHAIN, number)(chain_leaf * leaf, void *context)                     \
	{                                                                                                              \
		char block[bytes];                                                                                     \
		__asm__ volatile("" : : "r"(block) : "memory");                                                        \
		int value = next(leaf, context);                                                                       \
		__asm__ volatile("" : : "r"(block) : "memory");                                                        \
		return value + number;                                                                                 \
	}

static __attribute__((noinline)) int JOIN(CHAIN, 0)(chain_leaf *leaf, void *context)
{
	int value = leaf(context);
	__asm__ volatile("" : : : "memory");
	return value;
}

LINK(1, JOIN(CHAIN, 0), 24)
LINK(2, JOIN(CHAIN, 1), 40)
LINK(3, JOIN(CHAIN, 2), 8)
LINK(4, JOIN(CHAIN, 3), 72)
LINK(5, JOIN(CHAIN, 4), 16)
LINK(6, JOIN(CHAIN, 5), 32)
LINK(7, JOIN(CHAIN, 6), 104)
LINK(8, JOIN(CHAIN, 7), 24)
LINK(9, JOIN(CHAIN, 8), 8)
LINK(10, JOIN(CHAIN, 9), 56)
LINK(11, JOIN(CHAIN, 10), 24)
LINK(12, JOIN(CHAIN, 11), 40)
LINK(13, JOIN(CHAIN, 12), 8)
LINK(14, JOIN(CHAIN, 13), 200)
LINK(15, JOIN(CHAIN, 14), 16)
LINK(16, JOIN(CHAIN, 15), 32)
LINK(17, JOIN(CHAIN, 16), 8)
LINK(18, JOIN(CHAIN, 17), 24)
LINK(19, JOIN(CHAIN, 18), 88)
LINK(20, JOIN(CHAIN, 19), 56)
LINK(21, JOIN(CHAIN, 20), 24)
LINK(22, JOIN(CHAIN, 21), 40)
LINK(23, JOIN(CHAIN, 22), 8)
LINK(24, JOIN(CHAIN, 23), 72)

int CHAIN(chain_leaf *leaf, void *context)
{
	int value = JOIN(CHAIN, 24)(leaf, context);
	__asm__ volatile("" : : : "memory");
	return value;
}
