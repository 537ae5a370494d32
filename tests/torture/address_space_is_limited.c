/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program may have 512 MiB of address space and asks for half of it, in
 * small pieces; then for more than there is, which fails as it does alone.
 *
 * torture: recordings=any
 * torture: because=there may be no room for the heap file's mapping
 */
#include <sys/resource.h>

#include "torture.h"

int main(void)
{
	struct rlimit limit = {512 << 20, 512 << 20};
	if (setrlimit(RLIMIT_AS, &limit))
		abort();
	int got = 0;
	for (int i = 0; i < 256; i++) {
		char *block = malloc(1 << 20);
		if (block)
			memset(block, 1, 1 << 20);
		got += block != NULL;
	}
	printf("%d of 256 blocks\n", got);
	errno = 0;
	EXPECT(malloc(1 << 30) == NULL && errno == ENOMEM);
	for (int i = 0; i < 1000; i++)
		torture_hold = malloc(100);
	allocate_and_free(100);
	puts("done");
	return 0;
}
