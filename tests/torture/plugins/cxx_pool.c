/* SPDX-License-Identifier: Apache-2.0 */
/* A library whose operator new hands out pieces of chunks, the first where the chunk begins, and whose delete keeps
 * them. */
#include <stddef.h>
#include <stdlib.h>

enum { CHUNK = 1 << 20 };
static char *chunk;
static size_t left;
void *pool_chunks[64];
int pool_chunk_count;

void *_Znwm(size_t size)
{
	size = (size + 15) & ~(size_t)15;
	if (left < size) {
		chunk = malloc(CHUNK);
		pool_chunks[pool_chunk_count++] = chunk;
		left = CHUNK;
	}
	void *memory = chunk;
	chunk += size;
	left -= size;
	return memory;
}

void *_Znam(size_t size)
{
	return _Znwm(size);
}

void _ZdlPv(void *address)
{
	(void)address;
}

void _ZdaPv(void *address)
{
	(void)address;
}

void _ZdlPvm(void *address, size_t size)
{
	(void)address, (void)size;
}

void _ZdaPvm(void *address, size_t size)
{
	(void)address, (void)size;
}
