/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Allocations before any constructor of the shim's has run: in .preinit_array,
 * in the constructor of a library that is initialised earlier, and in a thread
 * that such a constructor starts. They are freed, moved and measured later. A
 * hooked call that fails before them fails as without the shim.
 *
 * torture: libraries=early
 */
#include <errno.h>
#include <malloc.h>
#include <sys/prctl.h>

#include "torture.h"

extern void *early_block, *early_moved;
extern int early_sum;

static void *before_all;
static int error_of_prctl;

static void first(int argument_count, char **arguments, char **environment)
{
	(void)argument_count, (void)arguments, (void)environment;
	errno = 0;
	if (prctl(-1, 0, 0, 0, 0) == -1)
		error_of_prctl = errno;
	before_all = malloc(1000);
	memset(before_all, 7, 1000);
}

__attribute__((section(".preinit_array"), used)) static void (*entry)(int, char **, char **) = first;

int main(void)
{
	EXPECT(error_of_prctl == EINVAL);
	EXPECT(before_all && ((char *)before_all)[999] == 7);
	EXPECT(malloc_usable_size(before_all) >= 1000);
	before_all = realloc(before_all, 5000);
	EXPECT(((char *)before_all)[999] == 7);
	free(before_all);
	EXPECT(early_block && malloc_usable_size(early_block) >= 300);
	free(early_block);
	early_moved = realloc(early_moved, 70000);
	EXPECT(((char *)early_moved)[99] == 9);
	free(early_moved);
	printf("early threads counted %d\n", early_sum);
	allocate_and_free(300);
	return 0;
}
