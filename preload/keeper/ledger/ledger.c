/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of what is mapped: see ledger.h. */
#include "keeper/ledger/ledger.h"

#include <string.h>

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

static void piece_sum(struct ledger_row *row, struct pages *pages, uint64_t start, uint64_t end, bool may_be_of_files)
{
	row->mappings++;
	row->virtual_bytes += end - start;
	if (start < PAGES_END)
		pages_count(pages, start, end, may_be_of_files, &row->pages);
}

/* A mapping of the program's own, and what of it is malloc's. */
static void own_sum(const struct ledger *ledger, const struct ledger_mapping *mapping, struct pages *pages,
		    struct chunks *chunks, struct ledger_row rows[static LEDGER_ROWS], uint32_t *count)
{
	for (uint64_t start = mapping->start, end; start < mapping->end; start = end) {
		bool is_chunk;
		end = chunks_piece(chunks, start, mapping->end, &is_chunk);
		struct ledger_row *row = is_chunk
					     ? row_find(rows, count, SEEP_LEDGER_HEAP, "mapped")
					     : row_find(rows, count, SEEP_LEDGER_OWN, ledger_name(ledger, mapping));
		const uint64_t before = row->pages.anonymous;
		piece_sum(row, pages, start, end, false);
		chunks->resident_bytes += is_chunk ? row->pages.anonymous - before : 0;
	}
}

uint32_t ledger_sum(const struct ledger *ledger, struct pages *pages, struct chunks *chunks,
		    struct ledger_row rows[static LEDGER_ROWS])
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < ledger->count; i++) {
		const struct ledger_mapping *mapping = &ledger->mappings[i];
		if (mapping->class == SEEP_LEDGER_OWN && chunks->is_readable)
			own_sum(ledger, mapping, pages, chunks, rows, &count);
		else
			piece_sum(row_find(rows, &count, mapping->class, ledger_name(ledger, mapping)), pages,
				  mapping->start, mapping->end, mapping->inode || mapping->permission & LEDGER_SHARE);
	}
	if (ledger->cut_bytes) {
		struct ledger_row *row = row_find(rows, &count, SEEP_LEDGER_UNEXPLAINED, "");
		row->virtual_bytes += ledger->cut_bytes;
		row->pages.unread += ledger->cut_bytes;
	}
	return count;
}
