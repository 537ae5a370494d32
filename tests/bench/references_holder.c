/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Holds MIB MiB for tests/bench/references.sh: lists, and tables of blocks, a quarter of whose words point to other
 * blocks that are kept. LOST per cent of the bytes are lost. On each line "fork" it copies itself by the bare system
 * call and prints how long that took: no stop by seep can be shorter.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define APART __attribute__((noinline))
#define TABLE 1024 /* blocks a table */

struct node {
	struct node *next;
	uintptr_t words[];
};

static struct node *list;
static uintptr_t ***tables; /* of blocks */
static size_t table_count;
static uintptr_t *somewhere; /* the block that was kept last */

static size_t size_of(unsigned number)
{
	static const size_t sizes[] = {64, 200, 1000, 4000, 20000};

	return sizes[number % 5];
}

/* A quarter of all words, irregularly, point into a block that is kept, not to its beginning. */
static void words_fill(uintptr_t *words, size_t count)
{
	static uint64_t state = 1;

	for (size_t i = 0; i < count; i++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		words[i] = state >> 62 == 3 && somewhere ? (uintptr_t)(somewhere + i % 8) : (uintptr_t)state;
	}
}

APART static size_t keep_node(unsigned number)
{
	const size_t bytes = size_of(number);
	struct node *node = malloc(bytes);

	node->next = list;
	words_fill(node->words, bytes / sizeof(uintptr_t) - 1);
	list = node;
	return bytes;
}

APART static size_t keep_entry(unsigned number)
{
	const size_t bytes = size_of(number);
	uintptr_t *block = malloc(bytes);

	if (table_count % TABLE == 0) {
		tables = realloc(tables, (table_count / TABLE + 1) * sizeof *tables);
		tables[table_count / TABLE] = calloc(TABLE, sizeof **tables);
	}
	tables[table_count / TABLE][table_count % TABLE] = block;
	table_count++;
	words_fill(block, bytes / sizeof *block);
	somewhere = block;
	return bytes;
}

APART static size_t lose(unsigned number)
{
	const size_t bytes = size_of(number);
	uintptr_t *volatile block = malloc(bytes);

	words_fill(block, bytes / sizeof *block);
	block = NULL;
	return bytes;
}

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void fork_measure(void)
{
	const double begun_ms = now_ms();
	const long copy = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	if (copy == 0)
		syscall(SYS_exit, 0);
	const double took_ms = now_ms() - begun_ms;
	waitpid((pid_t)copy, NULL, 0);
	printf("%.2f\n", took_ms);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	const size_t bytes = argc == 3 ? (size_t)strtoul(argv[1], NULL, 10) << 20 : 0;
	const size_t lost_percent = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
	size_t lost = 0, held = 0;
	char line[16];

	for (unsigned i = 0; held < bytes; i++) {
		const bool loses = 100 * lost < lost_percent * held;
		const size_t got = loses ? lose(i / 2) : i % 2 ? keep_node(i / 2) : keep_entry(i / 2);
		lost += loses ? got : 0;
		held += got;
	}
	puts("ready");
	fflush(stdout);
	while (fgets(line, sizeof line, stdin))
		fork_measure();
	return 0;
}
