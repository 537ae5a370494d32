/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A child frees, moves and measures what its parent allocated and the child's
 * own recording never saw; the parent then finds its own as they were.
 *
 * torture: recordings=2
 */
#include <malloc.h>

#include "torture.h"

#define BLOCKS 500

static SITE void *site_parent(struct truth_site *site)
{
	truth_allocated(site, 77);
	return memset(malloc(77), 5, 77);
}

int main(void)
{
	static char *blocks[BLOCKS];
	truth_directory = ".";
	struct truth_site *site = truth_add("site_parent");
	for (int i = 0; i < BLOCKS; i++)
		blocks[i] = site_parent(site);
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		allocate_and_free(50);
		for (int i = 0; i < BLOCKS; i++) {
			EXPECT(malloc_usable_size(blocks[i]) >= 77);
			if (i % 2) {
				free(blocks[i]);
				continue;
			}
			blocks[i] = realloc(blocks[i], 1000);
			EXPECT(blocks[i][76] == 5);
		}
		allocate_and_free(50);
		fflush(stdout);
		_exit(3);
	}
	wait_for(child, "child");
	for (int i = 0; i < BLOCKS; i++)
		EXPECT(blocks[i][76] == 5);
	truth_write("end");
	return 0;
}
