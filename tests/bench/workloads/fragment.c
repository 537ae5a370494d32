/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fragments a heap: each round fills it with blocks of growing sizes and frees
 * most of them at random, so that small survivors keep large spans resident.
 *
 *	fragment ROUNDS
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pairs.h"

#define BLOCKS 60000

int main(int count, char **arguments)
{
	static uint16_t sizes[SIZES];
	static char *blocks[BLOCKS];
	unsigned rounds = count > 1 ? (unsigned)strtoul(arguments[1], NULL, 10) : 0;
	uint64_t state = 88172645463325252u, survivors = 0;
	if (!rounds) {
		fprintf(stderr, "usage: fragment ROUNDS\n");
		return 2;
	}
	sizes_fill(sizes);
	for (unsigned round = 0; round < rounds; round++) {
		size_t scale = 1 + round % 5;
		for (size_t i = 0; i < BLOCKS; i++) {
			if (blocks[i])
				continue;
			size_t size = sizes[random_next(&state) % SIZES] * scale;
			blocks[i] = malloc(size);
			if (!blocks[i])
				return 1;
			memset(blocks[i], 1, size);
		}
		for (size_t i = 0; i < BLOCKS; i++) {
			if (random_next(&state) % 10 == 0) {
				survivors++;
				continue;
			}
			free(blocks[i]);
			blocks[i] = NULL;
		}
	}
	for (size_t i = 0; i < BLOCKS; i++)
		free(blocks[i]);
	printf("survivors %llu\n", (unsigned long long)survivors);
	return 0;
}
