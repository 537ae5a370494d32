/* SPDX-License-Identifier: Apache-2.0 */
/* Which class a mapping is of, told by its file, its label, its neighbours and the live blocks in it. */
#ifndef SEEP_LEDGER_LEDGER_CLASS_H
#define SEEP_LEDGER_LEDGER_CLASS_H

#include "keeper/ledger/mappings.h"

/* The facts beside the mappings by which they are classified. Texts are never NULL. */
struct ledger_program {
	const char *executable; /* path */
	const char *allocator;  /* "glibc", "jemalloc", ... */
	const char *heap_file;  /* the recording's own: its path, in the directory */
	const struct ledger_piece
	    *pieces; /* what it and its allocator have mapped, as far as that is known, in order */
	uint32_t piece_count;
	bool tells_chunks; /* malloc is glibc's, and its chunks can be told (chunks.h) */
};

void ledger_classify(struct ledger *ledger, const struct ledger_program *program);

/* The name of a classified mapping's row. */
const char *ledger_name(const struct ledger *ledger, const struct ledger_mapping *mapping);

#endif
