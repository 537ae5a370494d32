/* SPDX-License-Identifier: Apache-2.0 */
/* A library that the program is linked with, so that it is initialised before preloaded libraries. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

void *early_block, *early_moved;
int early_sum;

static void *run(void *argument)
{
	int *sum = argument;
	for (int i = 0; i < 500; i++) {
		char *memory = calloc(1, (size_t)i + 1);
		*sum += memory[i] == 0;
		free(memory);
	}
	return NULL;
}

__attribute__((constructor)) static void load(void)
{
	pthread_t threads[4];
	int sums[4] = {0};
	early_block = malloc(300);
	early_moved = malloc(100);
	memset(early_moved, 9, 100);
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, run, &sums[i]);
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		early_sum += sums[i];
	}
}
