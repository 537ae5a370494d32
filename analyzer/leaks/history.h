/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The series seen by group: bytes in use in every snapshot, what became of
 * every sample that a snapshot has seen alive, and the life table.
 */
#ifndef SEEP_LEAKS_HISTORY_H
#define SEEP_LEAKS_HISTORY_H

#include "leaks/leak_row.h"

struct history {
	struct follow_up *objects; /* ordered by group */
	size_t *begin;             /* by group, and one more: where its objects begin */
	struct life_table *lives;  /* by group; bytes */
};

/* `groups` gives the group of every site of the reference. Fills leaks->in_use, too. */
void history_build(struct history *history, struct leaks *leaks, struct profile *const *series, const uint32_t *groups);
void history_free(struct history *history);

#endif
