/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program's working directory, with the recording in it, is removed while
 * it runs.
 *
 * torture: recordings=any
 * torture: because=it was removed
 */
#include "torture.h"

int main(void)
{
	allocate_and_free(100);
	usleep(20000);
	if (system("rm -rf recordings"))
		abort();
	for (int i = 0; i < 100; i++)
		torture_hold = malloc(100);
	allocate_and_free(100);
	usleep(50000);
	puts("done");
	return 0;
}
