/* SPDX-License-Identifier: Apache-2.0 */
/* The program that this folder's scripts run: it allocates, keeps 100 blocks, prints what it sees of itself, and ends
 * with 3. In the middle it waits: for a number of milliseconds, or until a file of that name exists. */
#include "torture.h"

static void pause_for(const char *what)
{
	if (*what != '/')
		usleep((useconds_t)atoi(what) * 1000);
	for (int i = 0; *what == '/' && access(what, F_OK) != 0 && i < 6000; i++)
		usleep(10000);
}

int main(int argc, char **argv)
{
	allocate_and_free(300);
	for (int i = 0; i < 100; i++)
		torture_hold = malloc(100);
	if (argc > 1)
		pause_for(argv[1]);
	allocate_and_free(300);
	printf("done as %s\n", geteuid() == 0 ? "root" : "another");
	return 3;
}
