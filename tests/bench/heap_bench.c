/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes glibc's heap apart from outside (preload/keeper/arenas/): what a whole ledger with it costs at each snapshot
 * that nobody asked for, in ms of CPU; and, for heaps that are too large to be read in full, how many of the 95 %
 * intervals hold the truth. The heap is this process's own; it fragments differently in each trial.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "keeper/arenas/heap_account.h"
#include "keeper/ledger/ledger_look.h"

#define BLOCKS 180000
#define SIZE_MOST 1500
#define SAMPLED 512       /* every how many blocks one is known */
#define BUDGET_NS 3000000 /* as in keeper/snapshot/build.c */
#define PART_NS 1000000   /* for a part of it */
#define PLENTY UINT64_C(60000000000)

enum { RUNS = 30, TRIALS = 150 };

static char *blocks[BLOCKS];
static struct seep_live live[BLOCKS / SAMPLED + 1];
static uint64_t live_count, state = 88172645463325252u;

static uint64_t random_next(void)
{
	state ^= state << 13, state ^= state >> 7, state ^= state << 17;
	return state;
}

/* Stretches of the heap keep more or less of their blocks. */
static void heap_make(void)
{
	uint64_t kept = 0;
	for (size_t i = 0; i < BLOCKS; i++)
		free(blocks[i]);
	live_count = 0;
	for (size_t i = 0; i < BLOCKS; i++) {
		const size_t size = 16 + random_next() % SIZE_MOST;
		blocks[i] = memset(malloc(size), 1, size);
		if (i % SAMPLED == 0)
			live[live_count++] = (struct seep_live){.address = (uintptr_t)blocks[i], .size = size};
	}
	for (size_t i = 0; i < BLOCKS; i++) {
		kept = i % 3000 ? kept : random_next() % 100;
		if (i % SAMPLED && random_next() % 100 >= kept) {
			free(blocks[i]);
			blocks[i] = NULL;
		}
	}
}

static double cpu_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static struct heap_account look(uint64_t budget_ns, double *took_ms)
{
	static const struct ledger_program program = {.executable = "", .allocator = "glibc", .heap_file = ""};
	struct heap_account account = {0};
	struct ledger_look look;
	const double begun_ms = cpu_ms();
	if (ledger_look_take(&look, (uint64_t)getpid(), &program, live, live_count)) {
		heap_account_take(&account, (uint64_t)getpid(), &look.ledger, "/libc.so.6", live, live_count,
				  budget_ns);
		ledger_look_free(&look);
	}
	*took_ms = cpu_ms() - begun_ms;
	return account;
}

int main(void)
{
	double took_ms, least_ms = 1e9, most_ms = 0, spread = 0;
	int parts = 0, held = 0;
	heap_make();
	for (int i = 0; i < RUNS; i++) {
		if (look(BUDGET_NS, &took_ms).state != SEEP_ACCOUNT_KNOWN)
			return fputs("the heap can't be read\n", stderr), 1;
		least_ms = took_ms < least_ms ? took_ms : least_ms;
		most_ms = took_ms > most_ms ? took_ms : most_ms;
	}
	printf("%.1f to %.1f ms for a ledger with a heap of %d MiB, of %d runs\n", least_ms, most_ms,
	       BLOCKS / 1024 * (SIZE_MOST / 2 + 24) / 1024, RUNS);
	for (int i = 0; i < TRIALS; i++) {
		heap_make();
		const struct heap_account all = look(PLENTY, &took_ms), part = look(PART_NS, &took_ms);
		const uint64_t off = part.in_use > all.in_use ? part.in_use - all.in_use : all.in_use - part.in_use;
		parts += part.spread != 0;
		held += part.spread != 0 && off <= part.spread;
		spread += part.spread ? (double)part.spread / (double)all.in_use : 0;
	}
	printf("%d of %d intervals hold what is in use; they are +-%.1f %% wide\n", held, parts,
	       parts ? 100 * spread / parts : 0);
	return 0;
}
