/* SPDX-License-Identifier: Apache-2.0 */
/* Allocates 1,000 bytes at a time, several times a step: what it keeps and what it frees are both in the report.
 * Argument: the number of steps, 10 ms each; after them it waits for a file "end". A second argument is the number of
 * stacks through which it begins. LABEL, in its environment, is what it calls its work. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const char *seep_label(const char *text) __attribute__((weak));
static void *volatile held;

__attribute__((noinline)) static void keep(void)
{
	held = malloc(1000);
}

__attribute__((noinline)) static void pass(void)
{
	held = malloc(1000);
	free(held);
}

__attribute__((noinline)) static void left(int depth, long way);
__attribute__((noinline)) static void right(int depth, long way)
{
	if (depth == 0)
		keep();
	else if (way & 1)
		left(depth - 1, way >> 1);
	else
		right(depth - 1, way >> 1);
	held = NULL; /* no tail calls */
}
__attribute__((noinline)) static void left(int depth, long way)
{
	if (depth == 0)
		keep();
	else if (way & 1)
		right(depth - 1, way >> 1);
	else
		left(depth - 1, way >> 1);
	held = NULL;
}

int main(int argc, char **argv)
{
	if (seep_label)
		seep_label(getenv("LABEL"));
	for (long i = 0; argc > 2 && i < atol(argv[2]); i++)
		left(16, i);
	for (int i = 0; i < atoi(argv[1]); i++) {
		for (int j = 0; j < 20; j++)
			keep(), pass();
		usleep(10000);
	}
	for (int i = 0; argc == 2 && i < 6000 && access("end", F_OK) != 0; i++)
		usleep(10000);
	return 0;
}
