/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What it costs to tell which pages are in memory, by the two ways of preload/keeper/ledger/pages.h and by smaps: the least of
 * five runs for each, in ms of CPU, on a GiB of small pages that is all in memory. With a PID: what a whole ledger of that process costs.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "keeper/ledger/ledger_look.h"

#define BYTES ((size_t)1 << 30)
#define PAGE_BYTES 4096
#define RUNS 5

static char scratch[PAGES_SCRATCH_BYTES];

static double cpu_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static bool pages_walk(const char *memory, bool cannot_scan)
{
	struct page_counts counts = {0};
	struct pages pages;
	if (!pages_open(&pages, (uint64_t)getpid(), scratch, UINT64_MAX))
		return false;
	pages.cannot_scan = cannot_scan;
	pages_count(&pages, (uintptr_t)memory, (uintptr_t)memory + BYTES, false, &counts);
	const bool scanned = pages.cannot_scan == cannot_scan;
	pages_close(&pages);
	return counts.anonymous == BYTES && scanned;
}

static bool scan(const char *memory)
{
	return pages_walk(memory, false);
}

static bool pagemap(const char *memory)
{
	return pages_walk(memory, true);
}

static bool smaps(const char *memory)
{
	(void)memory;
	int file = open("/proc/self/smaps", O_RDONLY);
	ssize_t got;
	while ((got = read(file, scratch, sizeof scratch)) > 0)
		;
	close(file);
	return got == 0;
}

static int look_at(uint64_t pid)
{
	static const struct ledger_program program = {.executable = "", .allocator = "glibc", .heap_file = ""};
	double least = 1e9;
	struct ledger_look look;
	for (int run = 0; run < RUNS; run++) {
		const double begun = cpu_ms();
		if (!ledger_look_take(&look, pid, &program, NULL, 0))
			return fputs("nobody may look at that process\n", stderr), 1;
		const double took = cpu_ms() - begun;
		least = took < least ? took : least;
		if (run < RUNS - 1)
			ledger_look_free(&look);
	}
	printf("%.2f ms for a ledger of %.0f MiB in %u mappings\n", least, (double)look.rss_after / (1 << 20),
	       look.ledger.count);
	ledger_look_free(&look);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return look_at(strtoull(argv[1], NULL, 10));
	static const struct {
		const char *name;
		bool (*walk)(const char *memory);
	} ways[] = {{"PAGEMAP_SCAN", scan}, {"pagemap", pagemap}, {"smaps", smaps}};
	char *memory = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return 1;
	madvise(memory, BYTES, MADV_NOHUGEPAGE);
	for (size_t at = 0; at < BYTES; at += PAGE_BYTES)
		memory[at] = 1;
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		double least = 1e9;
		bool is_right = true;
		for (int run = 0; run < RUNS && is_right; run++) {
			const double begun = cpu_ms();
			is_right = ways[i].walk(memory);
			const double took = cpu_ms() - begun;
			least = took < least ? took : least;
		}
		if (is_right)
			printf("%-14s %6.2f ms for each GiB\n", ways[i].name, least);
		else
			printf("%-14s this kernel does not have it\n", ways[i].name);
	}
	return 0;
}
