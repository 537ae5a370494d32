/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of mappings: see ledger.h. */
#include "keeper/ledger/ledger.h"

#include <string.h>

#define TOGETHER_MOST 64
#define NEAR_BYTES (UINT64_C(8) << 40)

/* The row of a class and name; the class's row without a name where there is no more room. */
static struct ledger_row *row_find(struct ledger_row rows[static LEDGER_ROWS], uint32_t *count, uint32_t class,
				   const char *name)
{
	for (uint32_t i = 0; i < *count; i++)
		if (rows[i].class == class && strcmp(rows[i].name, name) == 0)
			return &rows[i];
	if (*count >= LEDGER_ROWS - SEEP_LEDGER_CLASSES && name[0])
		return row_find(rows, count, class, "");
	rows[*count] = (struct ledger_row){.class = class, .name = name};
	return &rows[(*count)++];
}

static void counts_add(struct page_counts *sum, const struct page_counts *counts)
{
	sum->anonymous += counts->anonymous;
	sum->file += counts->file;
	sum->swapped += counts->swapped;
	sum->huge += counts->huge;
	sum->unread += counts->unread;
}

static void piece_add(struct ledger_row *row, const struct page_piece *piece)
{
	row->mappings++;
	row->virtual_bytes += piece->end - piece->start;
	counts_add(&row->pages, &piece->counts);
}

/* The sums under way. */
struct sum {
	const struct ledger *ledger;
	struct pages *pages;
	struct chunks *chunks;
	struct ledger_row *rows;
	uint32_t count;
	uint64_t library; /* where one is; 0: nowhere */
};

/* The kernel gives malloc addresses beside those of libraries; collected heaps ask for others, and may have thousands. */
static bool may_be_mallocs(const struct sum *sum, const struct page_piece *all)
{
	const uint64_t distance = all->start > sum->library ? all->start - sum->library : sum->library - all->start;
	return all->counts.anonymous && (!sum->library || distance < NEAR_BYTES);
}

/* Adds a mapping of the program's own, whose parts may be malloc's. */
static void own_add(struct sum *sum, const struct page_piece *all, const char *name)
{
	struct page_piece piece;
	bool is_chunk;
	if (!may_be_mallocs(sum, all) ||
	    (chunks_piece(sum->chunks, all, all->start, &is_chunk) == all->end && !is_chunk)) {
		piece_add(row_find(sum->rows, &sum->count, SEEP_LEDGER_OWN, name), all);
		return;
	}
	for (piece.start = all->start; piece.start < all->end; piece.start = piece.end) {
		piece.end = chunks_piece(sum->chunks, all, piece.start, &is_chunk);
		pages_count_pieces(sum->pages, &piece, 1, false);
		sum->chunks->resident_bytes += is_chunk ? piece.counts.anonymous : 0;
		piece_add(is_chunk ? row_find(sum->rows, &sum->count, SEEP_LEDGER_HEAP, "mapped")
				   : row_find(sum->rows, &sum->count, SEEP_LEDGER_OWN, name),
			  &piece);
	}
}

static bool may_be_of_files(const struct ledger_mapping *mapping)
{
	return mapping->inode || mapping->permission & LEDGER_SHARE;
}

/* The number of mappings, from `first` on, that are counted together. */
static uint32_t together(const struct ledger *ledger, uint32_t first)
{
	const bool of_files = may_be_of_files(&ledger->mappings[first]);
	uint64_t bytes = 0;
	uint32_t count = 0;
	for (; count < TOGETHER_MOST && first + count < ledger->count; count++) {
		const struct ledger_mapping *mapping = &ledger->mappings[first + count];
		bytes += mapping->end - mapping->start;
		if (count &&
		    (bytes > PAGES_PIECE_BYTES || may_be_of_files(mapping) != of_files || mapping->start >= PAGES_END))
			break;
	}
	return count;
}

static void mappings_add(struct sum *sum, uint32_t first, uint32_t count)
{
	const struct ledger_mapping *mappings = &sum->ledger->mappings[first];
	struct page_piece pieces[TOGETHER_MOST];
	for (uint32_t i = 0; i < count; i++)
		pieces[i] = (struct page_piece){.start = mappings[i].start, .end = mappings[i].end};
	if (mappings[0].start < PAGES_END)
		pages_count_pieces(sum->pages, pieces, count, may_be_of_files(&mappings[0]));
	for (uint32_t i = 0; i < count; i++) {
		const char *name = ledger_name(sum->ledger, &mappings[i]);
		if (mappings[i].class == SEEP_LEDGER_OWN && mappings[i].owner != LEDGER_OWNER_PROGRAM &&
		    sum->chunks->is_readable)
			own_add(sum, &pieces[i], name);
		else
			piece_add(row_find(sum->rows, &sum->count, mappings[i].class, name), &pieces[i]);
	}
}

uint32_t ledger_sum(const struct ledger *ledger, struct pages *pages, struct chunks *chunks,
		    struct ledger_row rows[static LEDGER_ROWS])
{
	struct sum sum = {.ledger = ledger, .pages = pages, .chunks = chunks, .rows = rows};
	for (uint32_t i = 0; i < ledger->count; i++)
		if (ledger->mappings[i].class == SEEP_LEDGER_LIBRARY)
			sum.library = ledger->mappings[i].start;
	for (uint32_t first = 0, count; first < ledger->count; first += count) {
		count = together(ledger, first);
		mappings_add(&sum, first, count);
	}
	if (ledger->cut_bytes) {
		struct ledger_row *row = row_find(rows, &sum.count, SEEP_LEDGER_UNEXPLAINED, "");
		row->virtual_bytes += ledger->cut_bytes;
		row->pages.unread += ledger->cut_bytes;
	}
	return sum.count;
}
