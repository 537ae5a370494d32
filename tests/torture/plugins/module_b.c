/* SPDX-License-Identifier: Apache-2.0 */
/* The other of two libraries of the same size. */
#include <stdlib.h>

void *allocate_in_b(size_t size)
{
	void *volatile memory = malloc(size);
	return memory;
}
