/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A library for dlopen_loop.c, compiled twice: functions of the same length
 * and different frame sizes (FRAME_BYTES), so that a rule remembered from one
 * and used for the other, at the same address, would walk to a wrong place.
 */
#include <stdlib.h>

#define JOIN_(a, b) a##_##b
#define JOIN(a, b) JOIN_(a, b)
#define NAMED(part) JOIN(PLUGIN, part)

void plugin_enter(unsigned count);

static __attribute__((noinline)) void NAMED(leaf)(void)
{
	char block[FRAME_BYTES];
	__asm__ volatile("" : : "r"(block) : "memory");
	void *memory = malloc(256);
	__asm__ volatile("" : "+r"(memory) : : "memory");
	free(memory);
	__asm__ volatile("" : : "r"(block) : "memory");
}

static __attribute__((noinline)) void NAMED(middle)(unsigned count)
{
	char block[FRAME_BYTES * 2];
	for (unsigned i = 0; i < count; i++) {
		__asm__ volatile("" : : "r"(block) : "memory");
		NAMED(leaf)();
		__asm__ volatile("" : : "r"(block) : "memory");
	}
}

void plugin_enter(unsigned count)
{
	char block[FRAME_BYTES + 64];
	__asm__ volatile("" : : "r"(block) : "memory");
	NAMED(middle)(count);
	__asm__ volatile("" : : "r"(block) : "memory");
}
