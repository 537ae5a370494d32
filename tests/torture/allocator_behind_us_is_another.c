/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program brings an interposer of its own that counts calls, looks its
 * functions up with dlsym on the first of them, and allocates while it does.
 * It must be asked as often as without the shim, and for the same sizes.
 *
 * torture: preload=counting
 * torture: allocators=glibc
 */
#include <dlfcn.h>
#include <malloc.h>

#include "torture.h"

int main(void)
{
	const unsigned long *counts = dlsym(RTLD_DEFAULT, "counting_counts");
	if (!counts)
		return 2;
	unsigned long before[6];
	allocate_and_free(1); /* whoever comes first sets it up */
	memcpy(before, counts, sizeof before);
	allocate_and_free(1000);
	void *memory = NULL;
	EXPECT(posix_memalign(&memory, 64, 100) == 0);
	free(memory);
	free(memalign(128, 10));
	free(NULL);
	for (int i = 0; i < 6; i++)
		before[i] = counts[i] - before[i];
	for (int i = 0; i < 6; i++)
		printf("%lu ", before[i]);
	puts("calls of malloc, calloc, realloc, free, memalign, and bytes");
	return 0;
}
