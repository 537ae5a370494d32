/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The executable defines malloc itself: no preload is ever asked. That is said.
 *
 * torture: recordings=any
 * torture: because=nothing is seen of it
 * torture: says=bypassed
 */
#include "torture.h"

static _Alignas(16) char arena[16 << 20];
static size_t used;

void *malloc(size_t size)
{
	size_t *block =
	    (size_t *)(void *)(arena + __atomic_fetch_add(&used, (size + 31) & ~(size_t)15, __ATOMIC_RELAXED));
	if ((char *)block + size + 16 > arena + sizeof arena)
		return NULL;
	block[0] = size;
	return block + 2;
}

void *calloc(size_t count, size_t size)
{
	return malloc(count * size);
}

void *realloc(void *old, size_t size)
{
	void *memory = malloc(size);
	size_t before = old ? ((size_t *)old)[-2] : 0;
	if (memory && old)
		memcpy(memory, old, before < size ? before : size);
	return memory;
}

void free(void *memory)
{
	(void)memory;
}

int main(void)
{
	allocate_and_free(100);
	free(reallocarray(malloc(10), 10, 100)); /* the C library's, which calls the realloc above */
	printf("%s\n", used > 100000 ? "its own" : "another's");
	return 0;
}
