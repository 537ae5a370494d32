/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program's own malloc and free work once main() has set them up. Who asks before gets nothing, and must not give back
 * anything: the shim must not bring them into play when it tries what lies behind it.
 *
 * torture: recordings=any
 * torture: because=what the program defines itself is bypassed
 */
#include "torture.h"

static _Alignas(16) char arena[1 << 20];
static bool is_ready;
static size_t used;
static int asked_early;

void *malloc(size_t size)
{
	if (!is_ready) {
		asked_early++;
		return NULL;
	}
	char *memory = arena + used;
	used += (size + 15) & ~(size_t)15;
	return memory;
}

void *calloc(size_t count, size_t size)
{
	return malloc(count * size); /* zeros: nothing is used twice */
}

void free(void *memory)
{
	if (memory && !is_ready)
		abort();
}

int main(void)
{
	is_ready = true;
	for (int i = 0; i < 100; i++)
		free(malloc((size_t)i));
	printf("asked %d times before\n", asked_early);
	return 0;
}
