/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Floating point inside somebody else's program: with our own rounding and masks, and none of its flags changed. A
 * program may trap inexact results, flush denormals or round up; malloc must raise nothing even then, and count as
 * always. The code between the two calls must be a function that is not inlined, since compilers move arithmetic over
 * the calls.
 */
#ifndef SEEP_BASE_FLOATING_H
#define SEEP_BASE_FLOATING_H

#include <stdint.h>

#define FLOATING_PLAIN 0x1f80u /* nearest, all exceptions masked, denormals as they are */

static inline uint32_t floating_enter(void)
{
	uint32_t before;
	const uint32_t plain = FLOATING_PLAIN;
	__asm__ volatile("stmxcsr %0\n\tldmxcsr %1" : "=&m"(before) : "m"(plain) : "memory");
	return before;
}

static inline void floating_leave(uint32_t before)
{
	__asm__ volatile("ldmxcsr %0" : : "m"(before) : "memory");
}

#endif
