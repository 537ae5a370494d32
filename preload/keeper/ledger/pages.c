/* SPDX-License-Identifier: Apache-2.0 */
/* Pages in memory: see pages.h. The kernel's Documentation/admin-guide/mm/pagemap.rst describes both ways. */
#include "keeper/ledger/pages.h"

#include <sys/ioctl.h>

#include "keeper/base/clock.h"
#include "keeper/base/file.h"
#include "keeper/base/syscall.h"
#include "keeper/program/process.h"

#include <seep/heap.h>

#define PAGE_BYTES UINT64_C(4096)

/* An entry of /proc/PID/pagemap. */
#define ENTRY_PRESENT (UINT64_C(1) << 63)
#define ENTRY_SWAPPED (UINT64_C(1) << 62)
#define ENTRY_FILE (UINT64_C(1) << 61)

/* PAGEMAP_SCAN, whose structures older headers do not have. */
enum { SCAN_FILE = 1 << 2, SCAN_PRESENT = 1 << 3, SCAN_SWAPPED = 1 << 4, SCAN_ZERO = 1 << 5, SCAN_HUGE = 1 << 6 };
struct scan_region {
	uint64_t start, end, categories;
};
struct scan {
	uint64_t size, flags, start, end, walk_end, regions, region_count, max_pages;
	uint64_t inverted, all_of, any_of, returned;
};
#define SCAN_REQUEST _IOWR('f', 16, struct scan)

bool pages_open(struct pages *pages, uint64_t pid, void *scratch, uint64_t deadline_ns)
{
	char path[48];
	process_path(path, sizeof path, pid, "pagemap");
	*pages = (struct pages){
	    .descriptor = file_open(AT_FDCWD, path, O_RDONLY, 0), .scratch = scratch, .deadline_ns = deadline_ns};
	return pages->descriptor >= 0;
}

void pages_close(struct pages *pages)
{
	system_close(pages->descriptor);
}

static void region_add(struct pages *pages, uint64_t start, uint64_t end, uint64_t is, struct page_counts *counts)
{
	const uint64_t bytes = end - start;
	if (pages->visit && (is & SCAN_SWAPPED || !(is & (SCAN_FILE | SCAN_ZERO))))
		pages->visit(start, end, pages->context);
	if (is & SCAN_SWAPPED)
		counts->swapped += bytes;
	else if (is & SCAN_FILE)
		counts->file += bytes;
	else if (!(is & SCAN_ZERO))
		counts->anonymous += bytes;
	if (is & SCAN_PRESENT && is & SCAN_HUGE && !(is & SCAN_ZERO))
		counts->huge += bytes;
}

/* Adds a region, which may reach over several pieces, since the kernel joins pages that are alike. Returns the last
 * piece. */
static struct page_piece *region_add_to(struct pages *pages, const struct scan_region *region, struct page_piece *piece,
					const struct page_piece *end)
{
	for (;; piece++) {
		const uint64_t from = region->start > piece->start ? region->start : piece->start;
		const uint64_t to = region->end < piece->end ? region->end : piece->end;
		if (from < to)
			region_add(pages, from, to, region->categories, &piece->counts);
		if (region->end <= piece->end || piece + 1 == end)
			return piece;
	}
}

/* One call of the kernel, from the first piece's start on or from where the last call ended. Returns where this one
 * ended; `start`: the kernel can't. Linux 6.18 may name the end of the first 512 regions though it has given more. */
static uint64_t pieces_scan(struct pages *pages, uint64_t start, uint64_t end, bool may_be_of_files,
			    struct page_piece *pieces, uint32_t count)
{
	struct scan_region *regions = pages->scratch;
	struct scan scan = {.size = sizeof scan,
			    .start = start,
			    .end = end,
			    .regions = (uintptr_t)regions,
			    .region_count = PAGES_SCRATCH_BYTES / sizeof *regions,
			    .any_of = SCAN_PRESENT | SCAN_SWAPPED,
			    .returned = SCAN_PRESENT | SCAN_SWAPPED | SCAN_ZERO | SCAN_HUGE |
					(may_be_of_files ? SCAN_FILE : 0)};
	struct page_piece *piece = pieces;
	long got = system_call(SYS_ioctl, pages->descriptor, (long)SCAN_REQUEST, (long)&scan, 0, 0, 0);
	if (got < 0 || scan.walk_end <= start)
		return start;
	for (long i = 0; i < got; i++)
		piece = region_add_to(pages, &regions[i], piece, pieces + count);
	return got && regions[got - 1].end > scan.walk_end ? regions[got - 1].end : scan.walk_end;
}

static bool is_own(uint64_t entry, bool may_be_of_files)
{
	return entry & ENTRY_SWAPPED || (entry & ENTRY_PRESENT && !(may_be_of_files && entry & ENTRY_FILE));
}

static void entries_visit(struct pages *pages, const uint64_t *entries, uint64_t count, uint64_t start,
			  bool may_be_of_files)
{
	for (uint64_t i = 0, next; pages->visit && i < count; i = next) {
		next = i + 1;
		if (!is_own(entries[i], may_be_of_files))
			continue;
		while (next < count && is_own(entries[next], may_be_of_files))
			next++;
		pages->visit(start + i * PAGE_BYTES, start + next * PAGE_BYTES, pages->context);
	}
}

static uint64_t piece_read(struct pages *pages, uint64_t start, uint64_t end, bool may_be_of_files,
			   struct page_counts *counts)
{
	uint64_t *entries = pages->scratch;
	uint64_t bytes = (end - start) / PAGE_BYTES * sizeof *entries;
	if (bytes > PAGES_SCRATCH_BYTES)
		bytes = PAGES_SCRATCH_BYTES;
	long got = file_read_at(pages->descriptor, entries, bytes, start / PAGE_BYTES * sizeof *entries);
	const uint64_t count = got > 0 ? (uint64_t)got / sizeof *entries : 0;
	for (uint64_t i = 0; i < count; i++) {
		if (entries[i] & ENTRY_SWAPPED)
			counts->swapped += PAGE_BYTES;
		else if (entries[i] & ENTRY_PRESENT && entries[i] & ENTRY_FILE)
			counts->file += PAGE_BYTES;
		else if (entries[i] & ENTRY_PRESENT)
			counts->anonymous += PAGE_BYTES;
	}
	entries_visit(pages, entries, count, start, may_be_of_files);
	return start + count * PAGE_BYTES;
}

/* Counts a piece from an address on, by calls for it alone. */
static void piece_count(struct pages *pages, struct page_piece *piece, uint64_t start, bool may_be_of_files)
{
	while (start < piece->end && clock_read_ns(CLOCK_THREAD_CPUTIME_ID) < pages->deadline_ns) {
		const uint64_t stop = piece->end - start > PAGES_PIECE_BYTES ? start + PAGES_PIECE_BYTES : piece->end;
		uint64_t next = pages->cannot_scan ? start : pieces_scan(pages, start, stop, may_be_of_files, piece, 1);
		if (next == start) {
			pages->cannot_scan = true;
			next = piece_read(pages, start, stop, may_be_of_files, &piece->counts);
		}
		if (next == start)
			break;
		start = next;
	}
	if (start < piece->end)
		piece->counts.unread += piece->end - start;
}

void pages_count_pieces(struct pages *pages, struct page_piece *pieces, uint32_t count, bool may_be_of_files)
{
	const uint64_t end = pieces[count - 1].end;
	uint64_t start = pieces[0].start;
	for (uint32_t i = 0; i < count; i++)
		pieces[i].counts = (struct page_counts){0};
	while (count > 1 && start < end && !pages->cannot_scan &&
	       clock_read_ns(CLOCK_THREAD_CPUTIME_ID) < pages->deadline_ns) {
		const uint64_t next = pieces_scan(pages, start, end, may_be_of_files, pieces, count);
		if (next == start)
			break;
		start = next;
	}
	for (uint32_t i = 0; i < count; i++)
		if (start < pieces[i].end)
			piece_count(pages, &pieces[i], start > pieces[i].start ? start : pieces[i].start,
				    may_be_of_files);
}

void pages_count(struct pages *pages, uint64_t start, uint64_t end, bool may_be_of_files, struct page_counts *counts)
{
	struct page_piece piece = {.start = start, .end = end, .counts = *counts};
	piece_count(pages, &piece, start, may_be_of_files);
	*counts = piece.counts;
}
