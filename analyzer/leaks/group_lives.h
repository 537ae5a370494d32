/* SPDX-License-Identifier: Apache-2.0 */
/* A series seen by group: its sites and objects in the order of groups, from which those of one group are taken when it
 * is judged. */
#ifndef SEEP_LEAKS_GROUP_LIVES_H
#define SEEP_LEAKS_GROUP_LIVES_H

#include "series/history.h"
#include "leaks/leak_row.h"
#include "statistics/trend.h"

struct group_lives {
	const struct history *history;
	const struct leaks *leaks;
	bool *is_one_block;    /* by site of the history: one block, reallocated ever larger */
	uint32_t *objects;     /* of the history, ordered by group */
	size_t *objects_begin; /* by group, and one more */
	size_t objects_most;   /* of one group */
	uint32_t *sites;       /* of the reference, ordered by group */
	size_t *sites_begin;
	size_t *samples_begin; /* in the reference, by its sites, and one more */
};

/* `groups` gives the group of every site of the reference; leaks->count or more: it is in none. Fills leaks->in_use, too. */
void group_lives_init(struct group_lives *lives, const struct history *history, struct leaks *leaks,
		      const uint32_t *groups);
void group_lives_free(struct group_lives *lives);

/* What became of the objects of one group, by their births, but for those of sites that have one block, which grows: each
 * outgrown one is a death, each larger one a birth, and what it has grown by is its difference. `room` has space for
 * `objects_most`. */
struct follow_ups group_lives_follow(const struct group_lives *lives, uint32_t group, struct follow_up *room);

/* The life table of one group, by bytes: deaths from the reference's lifetimes, which know every sample that was freed;
 * the living from its samples. */
void group_lives_table(const struct group_lives *lives, uint32_t group, struct life_table *table);

enum slope_part { SLOPE_WHOLE, SLOPE_LATE /* the last half */ };

/* How fast a group grows: bytes in use per second, over the snapshots that the timer took. It is computed on demand,
 * because most rows are judged without it. */
struct trend slope_of(const struct leaks *leaks, uint32_t group, enum slope_part part);

#endif
