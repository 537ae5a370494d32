/* SPDX-License-Identifier: Apache-2.0 */
/* One look at a process's memory, for one snapshot: the ledger, and the sampled blocks that are not all in memory. */
#ifndef SEEP_LEDGER_LEDGER_LOOK_H
#define SEEP_LEDGER_LEDGER_LOOK_H

#include "keeper/ledger/charge.h"
#include "keeper/ledger/ledger.h"

/* Smaller blocks share their pages with others: they count as in memory. */
#define LOOK_BLOCK_BYTES 8192

struct ledger_look {
	struct ledger ledger;    /* the rows' names lie in it */
	struct ledger_row *rows; /* LEDGER_ROWS */
	struct seep_absence *absences;
	uint32_t row_count, absence_count;
	uint64_t blocks_unread; /* large blocks that nobody could look at in time */
	uint64_t rss_before, rss_after;
	struct charge charge; /* of its control group */
	uint64_t chunk_bytes; /* in memory, of malloc's own mappings that lie beside others (chunks.h) */
};

/* Takes some 1.2 ms for each GiB of RSS, and a quarter of a second of processor time at most. False: nobody may look at that process, or there is
 * no memory for it; nothing is held. Otherwise ledger_look_free() gives the memory back. */
bool ledger_look_take(struct ledger_look *look, uint64_t pid, const struct ledger_program *program,
		      const struct seep_live *live, uint64_t live_count);
void ledger_look_free(struct ledger_look *look);

#endif
