/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ledger: a process's mappings, by class and name, and how much of them is in memory (docs/SNAPSHOT_FORMAT.md,
 * LEDGER):
 *
 *	ledger_read()		the mappings, in order of addresses
 *	ledger_meet()		for addresses of live blocks: what they lie in is heap
 *	ledger_classify()	which class each mapping is of
 *	ledger_sum()		their pages, summed up in rows
 */
#ifndef SEEP_LEDGER_LEDGER_H
#define SEEP_LEDGER_LEDGER_H

#include "keeper/ledger/chunks.h"
#include "keeper/ledger/ledger_class.h"
#include "keeper/ledger/mappings.h"
#include "keeper/ledger/pages.h"

/* A row: the sums over the mappings of one class and name. */
struct ledger_row {
	uint32_t class, mappings;
	const char *name;
	uint64_t virtual_bytes;
	struct page_counts pages;
};

#define LEDGER_ROWS 256 /* more names of a class are one row, "" */

/* Fills rows, and returns their number. Mappings that are not counted by the deadline of `pages` are in the rows as
 * unread. */
uint32_t ledger_sum(const struct ledger *ledger, struct pages *pages, struct chunks *chunks,
		    struct ledger_row rows[static LEDGER_ROWS]);

#endif
