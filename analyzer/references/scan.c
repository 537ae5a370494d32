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

enum {
	PIECE_WORDS = 32 << 10, /* what the second level of caches holds */
	PIECE_BYTES = 8 * PIECE_WORDS,
	PAGE = 4096,
	LOWEST_PRIORITY = 19,
};

/* Where pages are read from: the copy or the program. */
struct source {
	int memory; /* /proc/PID/mem: reads what is protected from reading, too */
	struct pages pages;
};

struct reader {
	struct scan *scan;
	words_find *find;
	struct source copy, program, *from;
	bool every_byte; /* code holds pointers at any place */
	uint64_t *piece;
	uint32_t *places;
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

static void words_take(struct reader *reader, uint64_t address, size_t bytes)
{
	const unsigned shifts = reader->every_byte ? 8 : 1;

	for (unsigned shift = 0; shift < shifts; shift++) {
		const char *words = (const char *)reader->piece + shift;
		const size_t found =
		    reader->find(reader->scan->marks->blocks, words, (bytes - shift) / 8, reader->places);
		for (size_t i = 0; i < found; i++) {
			uint64_t word;
			memcpy(&word, words + 8ul * reader->places[i], sizeof word);
			marks_see(reader->scan->marks, address + shift + 8ul * reader->places[i], word);
		}
	}
	reader->scan->scanned_bytes += bytes;
}

/*
 * Through /proc/PID/mem, which reads up to a page that can't be. process_vm_readv() would pin the pages, and the kernel makes a page
 * that a copy shares its own before it is pinned: the copy would grow to all that the program has.
 */
static void piece_take(struct reader *reader, uint64_t start, uint64_t end)
{
	while (start < end) {
		const ssize_t got = pread(reader->from->memory, reader->piece, end - start, (off_t)start);
		const uint64_t rest = PAGE - start % PAGE;
		size_t bytes = got > 0 ? (size_t)got & ~(size_t)7 : 0;
		if (bytes) {
			words_take(reader, start, bytes);
		} else {
			bytes = rest < end - start ? rest : end - start;
			reader->scan->unread_bytes += bytes;
		}
		start += bytes;
	}
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

static void live_run_take(struct reader *reader, uint64_t start, uint64_t end)
{
	while (start < end && !atomic_load(&reader->scan->stop)) {
		const uint64_t stop = end - start < PIECE_BYTES ? end : start + PIECE_BYTES;
		piece_take(reader, start, stop);
		start = stop;
	}
}

static void run_take(uint64_t start, uint64_t end, void *context)
{
	struct reader *reader = context;

	while (start < end) {
		const struct dead_range dead = dead_next(reader->scan, start);
		const uint64_t stop = dead.start < end ? dead.start : end;
		if (start < stop)
			live_run_take(reader, start, stop);
		start = dead.start < end ? dead.end : end;
	}
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* Reading a device may do something. */
static bool is_device(const char *name)
{
	return (begins(name, "/dev/") && !begins(name, "/dev/shm/") && !begins(name, "/dev/zero") &&
		!begins(name, "/dev/hugepages/")) ||
	       begins(name, "anon_inode:") || begins(name, "/dmabuf");
}

static bool counts(const struct ledger *ledger, const struct ledger_mapping *mapping)
{
	if (mapping->class == SEEP_LEDGER_SEEP || mapping->class == SEEP_LEDGER_KERNEL ||
	    is_device(ledger->names + mapping->name))
		return false;
	return !(mapping->permission & LEDGER_SHARE) || mapping->permission & LEDGER_WRITE;
}

/* Pages of shared memory are not in the copy's tables until it reads them. */
static void mapping_take(struct reader *reader, const struct ledger_mapping *mapping, struct source *pages,
			 struct source *from)
{
	struct page_counts counts = {0};
	const bool is_shared = mapping->permission & LEDGER_SHARE;

	reader->from = from;
	reader->every_byte = mapping->permission & LEDGER_EXECUTE;
	pages->pages.visit = run_take;
	pages->pages.context = reader;
	pages_count(&pages->pages, mapping->start, mapping->end, !is_shared && mapping->inode, &counts);
	reader->scan->unread_bytes += counts.unread;
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

	for (size_t i = 0; i < image->thread_count; i++) {
		uint64_t words[sizeof image->threads[i].registers / 8];
		memcpy(words, &image->threads[i].registers, sizeof words);
		for (size_t k = 0; k < sizeof words / sizeof *words; k++)
			marks_see(reader->scan->marks, 0, words[k]);
	}
	for (size_t at = 0; at + 8 <= image->vectors.length; at += 8) {
		uint64_t word;
		memcpy(&word, image->vectors.data + at, sizeof word);
		marks_see(reader->scan->marks, 0, word);
	}
}

void *scan_run(void *context)
{
	struct scan *scan = context;
	struct reader reader = {.scan = scan,
				.find = words_finder(),
				.piece = memory_allocate(PIECE_WORDS, sizeof *reader.piece),
				.places = memory_allocate(PIECE_WORDS, sizeof *reader.places)};

	thread_signals_block();
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
	free(reader.piece);
	free(reader.places);
	scan->cpu_ns = clock_read_ns(CLOCK_THREAD_CPUTIME_ID);
	atomic_store(&scan->done, true);
	return NULL;
}
