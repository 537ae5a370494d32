/* SPDX-License-Identifier: Apache-2.0 */
/* See scan.h. */
#include "references/scan.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/memory.h"
#include "keeper/base/clock.h"
#include "process/thread.h"
#include "references/sweep.h"

enum { LOWEST_PRIORITY = 19, PAGE = 4096 };

/* Pages are read from here: the copy or the program. */
struct source {
	int memory; /* /proc/PID/mem, which can also read pages that are protected from reading */
	struct pages pages;
};

struct reader {
	struct scan *scan;
	struct sweep sweep;
	struct source copy, program;
	struct sweep_source from;
};

static bool source_open(struct source *source, pid_t pid, uint64_t deadline_ns)
{
	char path[32];

	snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
	source->memory = open(path, O_RDONLY | O_CLOEXEC);
	if (source->memory < 0)
		return false;
	if (pages_open(&source->pages, (uint64_t)pid, memory_allocate(1, PAGES_SCRATCH_BYTES), deadline_ns))
		return true;
	free(source->pages.scratch);
	close(source->memory);
	return false;
}

static void source_close(struct source *source)
{
	pages_close(&source->pages);
	free(source->pages.scratch);
	close(source->memory);
}

/* The next dead range that ends behind an address. */
static struct dead_range dead_next(const struct scan *scan, uint64_t start)
{
	struct dead_range next = {UINT64_MAX, UINT64_MAX};

	for (size_t i = 0; i < scan->dead_count; i++)
		if (scan->dead[i].end > start && scan->dead[i].start < next.start)
			next = scan->dead[i];
	return next;
}

static void run_take(uint64_t start, uint64_t end, void *context)
{
	struct reader *reader = context;

	while (start < end) {
		const struct dead_range dead = dead_next(reader->scan, start);
		const uint64_t stop = dead.start < end ? dead.start : end;
		if (start < stop)
			sweep_range(&reader->sweep, &reader->from, start, stop);
		start = dead.start < end ? dead.end : end;
	}
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* Whether this is a device, of which reading may have effects. */
static bool is_device(const char *name)
{
	return (begins(name, "/dev/") && !begins(name, "/dev/shm/") && !begins(name, "/dev/zero") &&
		!begins(name, "/dev/hugepages/")) ||
	       begins(name, "anon_inode:") || begins(name, "/dmabuf");
}

static bool counts(const struct ledger *ledger, const struct ledger_mapping *mapping)
{
	if (mapping->class == SEEP_LEDGER_KERNEL || is_device(ledger->names + mapping->name))
		return false;
	return !(mapping->permission & LEDGER_SHARE) || mapping->permission & LEDGER_WRITE;
}

/* Where the part of a mapping begins that is not seep's. */
static uint64_t start_of_program(const struct scan *scan, const struct ledger_mapping *mapping)
{
	const uint64_t end = (scan->shim_end + PAGE - 1) & ~(uint64_t)(PAGE - 1);

	if (mapping->class != SEEP_LEDGER_SEEP || (!mapping->inode && end && end <= mapping->start))
		return mapping->start;
	return !mapping->inode && end > mapping->start && end < mapping->end ? end : mapping->end;
}

/* The copy's tables have no pages of shared memory until it reads them. */
static void mapping_take(struct reader *reader, const struct ledger_mapping *mapping, struct source *pages,
			 struct source *from)
{
	struct page_counts counts = {0};
	const bool is_shared = mapping->permission & LEDGER_SHARE;

	reader->from = (struct sweep_source){.file = from->memory,
					     .every_byte = mapping->permission & LEDGER_EXECUTE,
					     .freed = from == &reader->copy ? reader->scan->freed : NULL};
	pages->pages.visit = run_take;
	pages->pages.context = reader;
	pages_count(&pages->pages, start_of_program(reader->scan, mapping), mapping->end, !is_shared && mapping->inode,
		    &counts);
	reader->sweep.unread_bytes += counts.unread;
}

static bool copy_lacks(struct reader *reader, const struct ledger_mapping *mapping)
{
	struct page_counts counts = {0};

	reader->copy.pages.visit = NULL;
	pages_count(&reader->copy.pages, mapping->start, mapping->end, false, &counts);
	return counts.anonymous + counts.file + counts.swapped + counts.unread == 0;
}

static void mappings_take(struct reader *reader)
{
	const struct ledger *copied = reader->scan->copied, *mapped = reader->scan->mapped;

	for (uint32_t i = 0; i < copied->count && !atomic_load(&reader->scan->stop); i++) {
		const struct ledger_mapping *mapping = &copied->mappings[i];
		const bool is_shared = mapping->permission & LEDGER_SHARE;
		if (counts(copied, mapping))
			mapping_take(reader, mapping, is_shared ? &reader->program : &reader->copy, &reader->copy);
	}
	for (uint32_t i = 0; i < mapped->count && !atomic_load(&reader->scan->stop); i++) {
		const struct ledger_mapping *mapping = &mapped->mappings[i];
		if (!(mapping->permission & LEDGER_SHARE) && !mapping->inode && counts(mapped, mapping) &&
		    copy_lacks(reader, mapping))
			mapping_take(reader, mapping, &reader->program, &reader->program);
	}
}

static void registers_take(struct reader *reader)
{
	const struct image *image = reader->scan->image;

	for (size_t i = 0; i < image->thread_count; i++)
		sweep_words(&reader->sweep, &image->threads[i].registers, sizeof image->threads[i].registers);
	sweep_words(&reader->sweep, image->vectors.data, image->vectors.length);
}

void *scan_run(void *context)
{
	struct scan *scan = context;
	struct reader reader = {.scan = scan};

	thread_signals_block();
	sweep_begin(&reader.sweep, scan->marks, &scan->stop);
	if (scan->gives_way)
		setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), LOWEST_PRIORITY);
	scan->has_failed = !source_open(&reader.copy, scan->image->pid, scan->deadline_ns);
	if (!scan->has_failed) {
		scan->has_failed = !source_open(&reader.program, scan->program, scan->deadline_ns);
		if (!scan->has_failed) {
			registers_take(&reader);
			mappings_take(&reader);
			source_close(&reader.program);
		}
		source_close(&reader.copy);
	}
	sweep_end(&reader.sweep);
	scan->scanned_bytes = reader.sweep.scanned_bytes;
	scan->unread_bytes = reader.sweep.unread_bytes;
	scan->cpu_ns = clock_read_ns(CLOCK_THREAD_CPUTIME_ID);
	atomic_store(&scan->done, true);
	return NULL;
}
