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
#define ALIGNED_LEAST 65536 /* of smaller blocks, those that are aligned are not worth a look at each */
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

/* What malloc mapped for the block whose header that is, and its bytes; 0: it is none of these. Before an aligned block
 * is what aligning left over, which its header counts. Its page is in memory. */
static struct place chunk_at(struct chunks *chunks, uint64_t header)
{
	uint64_t words[2] = {0};
	if (!chunks->is_readable || !chunks->left)
		return (struct place){0};
	chunks->left--;
	if (file_read_at(chunks->descriptor, words, HEADER_BYTES, header) != HEADER_BYTES)
		return (struct place){0};
	const uint64_t before = words[0], own = words[1] & ~FLAGS;
	const bool is_chunk = (words[1] & FLAGS) == FLAG_MAPPED && own && before < header && own < PAGES_END - header &&
			      (header - before) % PAGE_BYTES == 0 && (before + own) % PAGE_BYTES == 0;
	return is_chunk ? (struct place){header - before, before + own} : (struct place){0};
}

/* The bytes of the chunk at the beginning of a mapping; 0: none begins there that ends by `end`. */
static uint64_t chunk_bytes(struct chunks *chunks, uint64_t start, uint64_t end)
{
	const struct place chunk = chunk_at(chunks, start);
	return chunk.address == start && chunk.value <= end - start ? chunk.value : 0;
}

bool chunks_meet(struct chunks *chunks, uint64_t block, uint64_t size)
{
	const bool may_be = block % PAGE_BYTES == HEADER_BYTES || (block % HEADER_BYTES == 0 && size >= ALIGNED_LEAST);
	if (!may_be || chunks->count == CHUNKS_MET || !chunks->is_readable ||
	    !page_is_there(chunks, (block - HEADER_BYTES) / PAGE_BYTES * PAGE_BYTES))
		return false;
	const struct place chunk = chunk_at(chunks, block - HEADER_BYTES);
	if (chunk.value)
		chunks->met[chunks->count++] = chunk;
	return chunk.value != 0;
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
