/* SPDX-License-Identifier: Apache-2.0 */
/* Chunks that glibc has mapped one by one: see chunks.h. */
#include "keeper/ledger/chunks.h"

#include <fcntl.h>

#include <seep/search.h>

#include "keeper/base/file.h"
#include "keeper/base/syscall.h"
#include "keeper/program/process.h"

#define HEADERS_MOST 8192 /* some 2 us each */
#define HEADER_BYTES 16
#define PAGE_BYTES UINT64_C(4096)
#define FLAGS UINT64_C(7)
#define FLAG_MAPPED UINT64_C(2)

void chunks_open(struct chunks *chunks, uint64_t pid, struct pages *pages, uint64_t *starts)
{
	char path[48];
	process_path(path, sizeof path, pid, "mem");
	*chunks =
	    (struct chunks){.descriptor = file_open(AT_FDCWD, path, O_RDONLY, 0), .left = HEADERS_MOST, .pages = pages};
	chunks->starts = starts;
	chunks->is_readable = chunks->descriptor >= 0;
}

void chunks_close(struct chunks *chunks)
{
	if (chunks->is_readable)
		system_close(chunks->descriptor);
}

static bool page_is_there(struct chunks *chunks, uint64_t page)
{
	struct page_counts counts = {0};
	pages_count(chunks->pages, page, page + PAGE_BYTES, false, &counts);
	return counts.anonymous == PAGE_BYTES;
}

/* The chunk's size; 0: none begins there that ends by `end`. Its page is in memory. */
static uint64_t chunk_bytes(struct chunks *chunks, uint64_t start, uint64_t end)
{
	uint64_t header[2] = {0};
	if (!chunks->is_readable || !chunks->left)
		return 0;
	chunks->left--;
	if (file_read_at(chunks->descriptor, header, HEADER_BYTES, start) != HEADER_BYTES)
		return 0;
	const uint64_t bytes = header[1] & ~FLAGS;
	const bool is_chunk = header[0] == 0 && (header[1] & FLAGS) == FLAG_MAPPED && bytes % PAGE_BYTES == 0 &&
			      bytes && bytes <= end - start;
	return is_chunk ? bytes : 0;
}

bool chunks_meet(struct chunks *chunks, uint64_t block)
{
	if (block % PAGE_BYTES != HEADER_BYTES || chunks->count == CHUNKS_MET || !chunks->is_readable ||
	    !page_is_there(chunks, block - HEADER_BYTES) || !chunk_bytes(chunks, block - HEADER_BYTES, UINT64_MAX))
		return false;
	chunks->starts[chunks->count++] = block - HEADER_BYTES;
	return true;
}

/* By insertion at distances that become smaller (Shell): there is no room for more, and none is needed. */
void chunks_sort(struct chunks *chunks)
{
	for (uint32_t gap = chunks->count / 2; gap; gap = gap * 5 / 11 ? gap * 5 / 11 : gap > 1)
		for (uint32_t i = gap; i < chunks->count; i++) {
			const uint64_t start = chunks->starts[i];
			uint32_t k = i;
			for (; k >= gap && chunks->starts[k - gap] > start; k -= gap)
				chunks->starts[k] = chunks->starts[k - gap];
			chunks->starts[k] = start;
		}
}

uint64_t chunks_piece(struct chunks *chunks, const struct page_piece *all, uint64_t start, bool *is_chunk)
{
	const uint64_t end = all->end;
	const bool is_there = all->counts.anonymous == end - all->start || page_is_there(chunks, start);
	const uint64_t bytes = is_there ? chunk_bytes(chunks, start, end) : 0;
	*is_chunk = bytes != 0;
	if (bytes)
		return start + bytes;
	const size_t next = seep_count_to(chunks->starts, chunks->count, sizeof *chunks->starts, 0, start);
	return next < chunks->count && chunks->starts[next] < end ? chunks->starts[next] : end;
}
