/* SPDX-License-Identifier: Apache-2.0 */
/* A series by group: its sites and objects, sorted by group, so that a group's own are at hand when it is judged. */
#ifndef SEEP_LEAKS_GROUP_LIVES_H
#define SEEP_LEAKS_GROUP_LIVES_H

#include "series/history.h"
#include "leaks/leak_row.h"
#include "statistics/trend.h"

struct group_lives {
	const struct history *history;
	const struct leaks *leaks;
	bool *is_one_block;    /* by site of the history: one block that is reallocated ever larger */
	uint32_t *objects;     /* of the history, ordered by group */
	size_t *objects_begin; /* by group, with one entry more */
	size_t objects_most;   /* the most in one group */
	uint32_t *sites;       /* of the reference, sorted by group */
	size_t *sites_begin;
	size_t *samples_begin; /* by the reference's sites, with one entry more */
};

/* `groups` gives the group of every site of the reference; leaks->count or more: none. Also fills leaks->in_use. */
void group_lives_init(struct group_lives *lives, const struct history *history, struct leaks *leaks,
		      const uint32_t *groups);
void group_lives_free(struct group_lives *lives);

/* The lives of a group's objects, by birth. A site that has one block which grows is left out: there each outgrown
 * block is a death, each larger one a birth, and its growth is the difference. `room` has space for `objects_most`. */
struct follow_ups group_lives_follow(const struct group_lives *lives, uint32_t group, struct follow_up *room);

/* The life table of one group, by bytes. Deaths come from the reference's lifetimes, which include every freed sample;
 * the living come from its samples. */
void group_lives_table(const struct group_lives *lives, uint32_t group, struct life_table *table);

enum slope_part { SLOPE_WHOLE, SLOPE_LATE /* the last half */ };

/* How fast a group grows: bytes in use per second, over the snapshots by the timer. It is computed on demand, because
 * most rows are judged without it. */
struct trend slope_of(const struct leaks *leaks, uint32_t group, enum slope_part part);

#endif
