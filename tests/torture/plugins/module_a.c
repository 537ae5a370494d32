/* SPDX-License-Identifier: Apache-2.0 */
/* One of two libraries of the same size. */
#include <stdlib.h>

void *allocate_in_a(size_t size)
{
	void *volatile memory = malloc(size);
	return memory;
}
