/* SPDX-License-Identifier: Apache-2.0 */
/* million_stacks DEPTH: 2^DEPTH allocations of which no two have the same stack, all kept until the end. */
#include <stdio.h>
#include <stdlib.h>

static void *volatile kept;

static void left(int depth);
static void right(int depth);

__attribute__((noinline)) static void descend(int depth)
{
	if (depth == 0) {
		kept = malloc(64);
		return;
	}
	left(depth - 1);
	right(depth - 1);
	__asm__ volatile("");
}

__attribute__((noinline)) static void left(int depth)
{
	descend(depth);
	__asm__ volatile("");
}

__attribute__((noinline)) static void right(int depth)
{
	descend(depth);
	__asm__ volatile("");
}

int main(int argc, char **argv)
{
	descend(argc > 1 ? atoi(argv[1]) : 20);
	puts("done");
	return 0;
}
