/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program's working directory, with the recording in it, is removed while
 * it runs.
 *
 * torture: recordings=any
 * torture: because=it was removed
 */
#include <ftw.h>

#include "torture.h"

/* Files that are made anew meanwhile are removed in the next round. */
static int take(const char *path, const struct stat *status, int kind, struct FTW *place)
{
	(void)status, (void)kind, (void)place;
	remove(path);
	return 0;
}

int main(void)
{
	allocate_and_free(100);
	usleep(20000);
	for (int round = 0; round < 100 && access("recordings", F_OK) == 0; round++)
		nftw("recordings", take, 10, FTW_DEPTH | FTW_PHYS);
	for (int i = 0; i < 100; i++)
		torture_hold = malloc(100);
	allocate_and_free(100);
	usleep(50000);
	puts("done");
	return 0;
}
