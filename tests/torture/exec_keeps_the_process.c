/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program executes itself four times over: the process's number and start
 * time stay, the heap is a new one each time. No recording is overwritten.
 *
 * torture: recordings=5
 */
#include "torture.h"

int main(int argc, char **argv)
{
	int left = argc > 1 ? atoi(argv[1]) : 4;
	for (int i = 0; i <= left; i++)
		torture_hold = malloc(1000);
	allocate_and_free(10);
	printf("%d to go\n", left);
	fflush(stdout);
	if (left == 0)
		return 5;
	char next[16];
	snprintf(next, sizeof next, "%d", left - 1);
	execl(argv[0], argv[0], next, NULL);
	return 1;
}
