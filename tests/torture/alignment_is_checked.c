/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program that has its accesses checked for alignment (EFLAGS.AC), as is done to find code that is slow elsewhere:
 * malloc and free pass the check, once they have begun, so a sample must pass it, too, and so must the first one of a
 * child.
 *
 * torture: recordings=2
 */
#include <x86intrin.h>

#include "torture.h"

#define CHECKED (1ul << 18)

static void *blocks[64];

static __attribute__((noinline)) void allocate(int levels)
{
	if (levels > 0) {
		allocate(levels - 1);
		__asm__ volatile("");
		return;
	}
	for (int i = 0; i < 64; i++)
		blocks[i] = malloc(48);
	for (int i = 0; i < 64; i++)
		free(blocks[i]);
}

static bool allocate_checked(void)
{
	__writeeflags(__readeflags() | CHECKED);
	for (int levels = 0; levels < 20; levels++)
		allocate(levels);
	bool still = __readeflags() & CHECKED;
	__writeeflags(__readeflags() & ~CHECKED);
	return still;
}

int main(void)
{
	allocate(0);
	printf("checked: %d\n", allocate_checked());
	fflush(stdout);
	pid_t child = fork();
	if (child == 0)
		_exit(allocate_checked());
	wait_for(child, "child");
	return 0;
}
