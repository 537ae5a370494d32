/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A series by site: what each has in use at every moment, and what became of
 * every sample that was ever seen alive. Moments are added one after the other
 * and are not kept.
 */
#ifndef SEEP_LEAKS_HISTORY_H
#define SEEP_LEAKS_HISTORY_H

#include "base/map.h"
#include "compare/teardown.h"
#include "profile/moment.h"

/* A sample as the series saw it. */
struct followed {
	uint64_t address, birth_ns, size, rate;
	uint32_t site;        /* number in the history */
	uint16_t first, last; /* of the moments that had it */
};

/* The moments of a series; `gone` is of the one before. */
struct history_moment {
	struct teardown_moment sums;
	bool is_timer, has_samples;
};

struct history {
	struct history_moment *moments;
	size_t count, most; /* moments there are, and for which there is room */
	uint64_t start_ns;
	uint32_t last_trigger;
	struct moment first; /* without its arrays: of which process all are */
	uint64_t *keys;      /* by site */
	double *in_use;      /* site by site, a value for each of `most` moments: bytes */
	uint32_t site_count, site_capacity;
	struct map *by_key;       /* key -> site */
	struct followed *objects; /* in the order in which moments, and within one sites, first had them */
	size_t object_count, object_capacity;
	struct trail *trail; /* where the last moment's sites and samples are */
};

/* Room for so many moments: one at least, and no more than BUDGET_SERIES_SNAPSHOTS. */
void history_init(struct history *history, size_t most);
void history_free(struct history *history);

/* False: the moment is of another process than those before. */
bool history_add(struct history *history, const struct moment *moment);

/* No more moments come. Leaves out all but the first `count`. */
void history_end(struct history *history, size_t count);

/* Index of the moment nearest to the middle of the recording's time, and never the last; of the last useful one. */
size_t history_middle(const struct history *history);
size_t history_last_useful(const struct history *history);

/*
 * Histories of several processes added up: at the moments of the youngest, in the time in which all of them ran. Each
 * process's clock is set so that the last moments of all are one.
 */
struct history_part {
	const struct history *history; /* that has ended */
	uint64_t shift_ns;             /* filled: added to its times */
	size_t *moment_of;             /* filled: its moment, by the sum's; to be freed */
};

/* False: there are no two moments at which all of them ran. `youngest`: which one it is. */
bool history_sum(struct history *sum, struct history_part *parts, size_t count, size_t *youngest);

#endif
