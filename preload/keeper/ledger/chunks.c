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

void chunks_open(struct chunks *chunks, uint64_t pid, struct pages *pages, struct place *met)
{
	char path[48];
	process_path(path, sizeof path, pid, "mem");
	*chunks =
	    (struct chunks){.descriptor = file_open(AT_FDCWD, path, O_RDONLY, 0), .left = HEADERS_MOST, .pages = pages};
	chunks->met = met;
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
	const uint64_t start = block - HEADER_BYTES;
	if (block % PAGE_BYTES != HEADER_BYTES || chunks->count == CHUNKS_MET || !chunks->is_readable ||
	    !page_is_there(chunks, start))
		return false;
	const uint64_t bytes = chunk_bytes(chunks, start, PAGES_END);
	if (bytes)
		chunks->met[chunks->count++] = (struct place){start, bytes};
	return bytes != 0;
}

void chunks_sort(struct chunks *chunks)
{
	places_sort(chunks->met, chunks->count);
}

/* A part of a chunk in which a sampled block lies may be a mapping of its own, since it has other access, or advice. */
static uint64_t met_end(const struct chunks *chunks, uint64_t start)
{
	const size_t next = SEEP_COUNT_TO(chunks->met, chunks->count, address, start);
	const struct place *chunk = next ? &chunks->met[next - 1] : NULL;
	return chunk && start - chunk->address < chunk->value ? chunk->address + chunk->value : 0;
}

uint64_t chunks_piece(struct chunks *chunks, const struct page_piece *all, uint64_t start, bool *is_chunk)
{
	const uint64_t end = all->end, met = met_end(chunks, start);
	if (met) {
		*is_chunk = true;
		return met < end ? met : end;
	}
	const bool is_there = all->counts.anonymous == end - all->start || page_is_there(chunks, start);
	const uint64_t bytes = is_there ? chunk_bytes(chunks, start, end) : 0;
	*is_chunk = bytes != 0;
	if (bytes)
		return start + bytes;
	const size_t next = SEEP_COUNT_TO(chunks->met, chunks->count, address, start);
	return next < chunks->count && chunks->met[next].address < end ? chunks->met[next].address : end;
}
