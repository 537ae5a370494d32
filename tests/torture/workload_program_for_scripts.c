/* SPDX-License-Identifier: Apache-2.0 */
/* What the scripts of this folder run: allocates, keeps 100 blocks, says what it sees of itself, and ends with 3. */
#include "torture.h"

int main(int argc, char **argv)
{
	allocate_and_free(300);
	for (int i = 0; i < 100; i++)
		torture_hold = malloc(100);
	if (argc > 1)
		usleep((useconds_t)atoi(argv[1]) * 1000);
	allocate_and_free(300);
	printf("done as %s\n", geteuid() == 0 ? "root" : "another");
	return 3;
}
