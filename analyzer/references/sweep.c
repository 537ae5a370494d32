/* SPDX-License-Identifier: Apache-2.0 */
/* See sweep.h. */
#include "references/sweep.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

enum {
	PIECE_WORDS = 32 << 10, /* the size of the second level of caches */
	PIECE_BYTES = 8 * PIECE_WORDS,
	PAGE = 4096,
};

void sweep_begin(struct sweep *sweep, struct marks *marks, const atomic_bool *stop)
{
	*sweep = (struct sweep){.marks = marks,
				.stop = stop,
				.find = words_finder(),
				.piece = memory_allocate(PIECE_WORDS, sizeof *sweep->piece),
				.places = memory_allocate(PIECE_WORDS, sizeof *sweep->places)};
}

void sweep_end(struct sweep *sweep)
{
	free(sweep->piece);
	free(sweep->places);
	sweep->piece = NULL;
	sweep->places = NULL;
}

static void piece_take(struct sweep *sweep, const struct sweep_source *source, uint64_t address, size_t bytes)
{
	const unsigned shifts = source->every_byte ? 8 : 1;

	for (unsigned shift = 0; shift < shifts; shift++) {
		const char *words = (const char *)sweep->piece + shift;
		const size_t found = sweep->find(sweep->marks->blocks, words, (bytes - shift) / 8, sweep->places);
		for (size_t i = 0; i < found; i++) {
			uint64_t word;
			memcpy(&word, words + 8ul * sweep->places[i], sizeof word);
			marks_see(sweep->marks, address + shift + 8ul * sweep->places[i], word);
		}
	}
	sweep->scanned_bytes += bytes;
}

/*
 * Reads by pread(), which stops at a page that can't be read. process_vm_readv() would pin the process's pages, and
 * before the kernel pins a page that a copy shares, it makes the copy a page of its own: the copy would grow to the
 * size of the program.
 */
void sweep_range(struct sweep *sweep, const struct sweep_source *source, uint64_t start, uint64_t end)
{
	while (start < end && !(sweep->stop && atomic_load(sweep->stop))) {
		const uint64_t most = end - start < PIECE_BYTES ? end - start : PIECE_BYTES;
		const ssize_t got = pread(source->file, sweep->piece, most, (off_t)(source->place + start));
		const uint64_t rest = PAGE - start % PAGE;
		size_t bytes = got > 0 ? (size_t)got & ~(size_t)7 : 0;
		if (bytes) {
			if (source->freed)
				freed_strike(source->freed, sweep->piece, start, bytes, source->file, source->place);
			piece_take(sweep, source, start, bytes);
		} else {
			bytes = rest < most ? rest : most;
			sweep->unread_bytes += bytes;
		}
		start += bytes;
	}
}

void sweep_words(struct sweep *sweep, const void *words, size_t bytes)
{
	for (size_t at = 0; at + 8 <= bytes; at += 8) {
		uint64_t word;
		memcpy(&word, (const char *)words + at, sizeof word);
		marks_see(sweep->marks, 0, word);
	}
}
