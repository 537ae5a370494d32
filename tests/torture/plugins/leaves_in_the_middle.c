/* SPDX-License-Identifier: Apache-2.0 */
/* An allocation function behind the shim's that calls the program before it returns, as a signal handler would. */
#include <stddef.h>

extern void *__libc_memalign(size_t alignment, size_t size);

void (*in_the_middle)(void);

void *aligned_alloc(size_t alignment, size_t size)
{
	void *address = __libc_memalign(alignment, size);
	if (in_the_middle)
		in_the_middle();
	return address;
}
